import { TaskFailed } from '../platform/engine/errors.ts'
import type { Flow, LogFields } from '../platform/engine/flow.ts'

/** A task or child run that failed for good is logged, and `instead` takes its place. A cancel ends the run all the same. */
export async function orElse<T, Instead>(
  flow: Pick<Flow<unknown>, 'log'>,
  act: Promise<T>,
  instead: Instead,
  message: string,
  fields: LogFields = {},
): Promise<T | Instead> {
  try {
    return await act
  } catch (error) {
    if (!(error instanceof TaskFailed)) throw error
    flow.log(message, { ...fields, code: error.code })
    return instead
  }
}

/** The hotel's time as ISO 8601, recorded: the same on every replay. */
export async function instant(flow: Pick<Flow<unknown>, 'now'>): Promise<string> {
  return (await flow.now()).toISOString()
}
