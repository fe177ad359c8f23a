/** A run once more with other parameters: a new run that names the first as its origin. */
import { fieldErrors } from '../../contract/problem.ts'
import type { NewRunAnswer } from '../../contract/retry.ts'
import { ENDED } from '../../contract/run.ts'
import type { Engine } from '../../engine/engine.ts'
import type { AnyFlow } from '../../engine/flow.ts'
import { bodyHash, runIdFor } from '../../engine/ids.ts'
import { instantText } from '../../postgres/instant-text.ts'
import type { Sql } from '../../postgres/sql.ts'
import { runDetail } from '../../runs/run-detail.ts'
import { findRun } from '../../runs/runs.ts'
import { HttpProblem, invalid, quoted, runNotFound } from '../problem.ts'

export interface NewRunDeps {
  database: Sql
  engine: Pick<Engine, 'start'>
  flows: ReadonlyMap<string, AnyFlow>
}

interface Asked {
  originId: string
  /** All of them. */
  parameters: Record<string, unknown>
  /** Idempotency-Key: the same parameters under another one are another run. */
  key: string | undefined
  createdBy: string | undefined
}

/** `created` false: the first run of the same origin, parameters and key. 404, 409 or 422 otherwise. */
export async function startWithOtherParameters(
  { database, engine, flows }: NewRunDeps,
  { originId, parameters, key, createdBy }: Asked,
): Promise<{ created: boolean; run: NewRunAnswer }> {
  const origin = await runDetail(database, originId)
  if (origin === undefined) throw runNotFound(originId)
  const requestHash = bodyHash(parameters)
  const runId = runIdFor('retry', originId, requestHash, key ?? '')
  const started = await findRun(database, runId)
  if (started === undefined && !ENDED.includes(origin.status)) {
    const detail = `The run is ${origin.status}: a new run with other parameters comes after its end. Cancel it first.`
    throw new HttpProblem(409, 'run_state_conflict', detail, { runStatus: origin.status })
  }
  const flow = flows.get(origin.workflow_name)
  if (flow === undefined) {
    const detail = `There is no workflow ${quoted(origin.workflow_name)} any more: it cannot be started anew.`
    throw new HttpProblem(409, 'unknown_workflow', detail)
  }
  const parsed = await flow.parameters.safeParseAsync(parameters)
  if (!parsed.success) throw invalid(fieldErrors(parsed.error, 'body.parameters'))
  const { created } = await engine.start({
    runId,
    flow,
    parameters: parsed.data,
    originRunId: originId,
    requestHash,
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(createdBy === undefined ? {} : { createdBy }),
  })
  const run = await findRun(database, runId)
  if (run === undefined) throw new Error(`The run ${runId} was started and cannot be found.`)
  return {
    created,
    run: {
      flow_run_id: runId,
      origin_run_id: originId,
      workflow_name: flow.name,
      status: created ? 'pending' : run.status,
      parameters,
      created_at: instantText(run.createdAt),
      message: created
        ? `A new run in place of ${originId}`
        : `This is the run started before in place of ${originId}`,
    },
  }
}
