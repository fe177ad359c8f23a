/** How the code of a run came to its end in this process, and what is kept of that. */
import { describeError, FlowCancelled, failedSteps } from '../errors.ts'
import type { Outcome } from './outcomes.ts'

/** What the flow threw, as it is and as it is shown. */
export interface RunFailure {
  error: unknown
  code: string
  task: string | null
}

export interface Ended {
  status: 'completed' | 'failed' | 'cancelled'
  outcome: Outcome
  failure?: RunFailure
}

export async function endOf(code: () => Promise<unknown>): Promise<Ended> {
  try {
    const output = JSON.stringify((await code()) ?? null)
    return { status: 'completed', outcome: { status: 'SUCCESS', output } }
  } catch (error) {
    if (error instanceof FlowCancelled) return { status: 'cancelled', outcome: { status: 'CANCELLED' } }
    return failedBy(error)
  }
}

/** As the engine's tools keep an error: name, message, code and data. */
export function failedBy(error: unknown): Ended {
  const { code, message, task_name: task = null } = describeError(error)
  const kept = { name: 'RunFailed', message, code, data: { task_name: task, steps: failedSteps(error) } }
  return {
    status: 'failed',
    outcome: { status: 'ERROR', error: JSON.stringify(kept) },
    failure: { error, code, task },
  }
}
