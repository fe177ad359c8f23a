/** Acts with their undos: registered before the act, done in reverse when the saga fails or is cancelled. */
import { describeError, FlowCancelled, FlowFailure } from './errors.ts'
import type { AnyTask, Saga, Undo } from './flow.ts'
import type { RunScope } from './run-scope.ts'
import type { Steps } from './steps.ts'
import { runUndo } from './task-runner.ts'

interface Registered {
  name: string
  run: () => Promise<unknown>
}

export async function runSaga<Deps, T>(
  scope: RunScope<Deps>,
  steps: Steps<Deps>,
  body: (saga: Saga<Deps>) => Promise<T>,
): Promise<T> {
  const undos: Registered[] = []
  const act = async <Input, Output>(
    definition: AnyTask<Deps, Input, Output>,
    input: Input,
    undo: Undo<Deps, Input, Output>,
  ): Promise<Output> => {
    const actNumber = steps.take()
    let result: Output | undefined
    const entry = {
      name: undo.name,
      run: () => {
        const number = steps.take()
        const undone = () => runUndo(steps.scopeAt(number), undo, { input, result, actNumber })
        return steps.run(number, 'undo', undo.name, undone)
      },
    }
    undos.push(entry)
    try {
      result = await steps.task(definition, input, actNumber)
      return result
    } catch (error) {
      // What never began left nothing behind.
      if (error instanceof FlowCancelled && !error.started) undos.splice(undos.indexOf(entry), 1)
      throw error
    }
  }
  try {
    return await body({ act })
  } catch (error) {
    await undoAll(scope, undos.reverse(), error)
    throw error
  }
}

/** Every undo is tried, whatever became of the others; a failed one is flagged, never silent. */
async function undoAll<Deps>(scope: RunScope<Deps>, undos: Registered[], cause: unknown): Promise<void> {
  const failed: string[] = []
  for (const undo of undos) {
    await undo.run().catch((error: unknown) => {
      failed.push(`${undo.name}: ${describeError(error).message}`)
    })
  }
  if (failed.length === 0) return
  const why = `Could not undo ${failed.join('; ')} (after: ${describeError(cause).message})`
  await scope.journal.flag(why)
  scope.observer?.undoFailed(scope.flowName)
  throw new FlowFailure('saga_undo_failed', why)
}
