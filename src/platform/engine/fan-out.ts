import { failedSteps, TaskFailed } from './errors.ts'
import type { AnyTask } from './flow.ts'
import type { Steps } from './steps.ts'

/** All inputs, `concurrency` at a time; every one is tried before the first failure (by input order) is thrown. */
export async function runAll<Deps, Input, Output>(
  steps: Steps<Deps>,
  definition: AnyTask<Deps, Input, Output>,
  inputs: readonly Input[],
  concurrency: number,
): Promise<Output[]> {
  // Numbered before any starts: which of them ends first must not change the path of a replay.
  const first = steps.take(inputs.length)
  const outcomes: PromiseSettledResult<Output>[] = []
  let next = 0
  const lane = async () => {
    while (next < inputs.length) {
      const i = next++
      outcomes[i] = await steps.task(definition, inputs[i] as Input, first + i).then(
        (value) => ({ status: 'fulfilled' as const, value }),
        (reason) => ({ status: 'rejected' as const, reason }),
      )
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.floor(concurrency) || 1) }, lane))
  return valuesOf(outcomes)
}

/** All values, or the first failure by input order, which knows the steps of the other failures too. */
function valuesOf<T>(outcomes: PromiseSettledResult<T>[]): T[] {
  const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  const [first] = reasons
  if (first instanceof TaskFailed) {
    const { taskName, code, message, cause } = first
    throw new TaskFailed(taskName, code, message, reasons.flatMap(failedSteps), { cause })
  }
  if (reasons.length > 0) throw first
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<T>).value)
}
