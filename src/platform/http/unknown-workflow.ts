import { BASE } from '../contract/api.ts'
import { nearestNames } from '../spelling.ts'
import { HttpProblem, quoted } from './problem.ts'

/** 404, with the names nearest to it. */
export function unknownWorkflow(name: string, known: Iterable<string>): HttpProblem {
  const near = nearestNames(name, known).map(quoted)
  const hint = near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`
  const detail = `There is no workflow ${quoted(name)}.${hint} GET ${BASE}/workflows lists them.`
  return new HttpProblem(404, 'unknown_workflow', detail)
}
