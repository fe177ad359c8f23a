/** Acts with their undos: registered before the act, done in reverse when the saga fails or is cancelled. */
import { describeError, FlowCancelled, FlowFailure } from './errors.ts'
import type { AnyTask, Saga, Undo } from './flow.ts'
import { occupationOf } from './occupation.ts'
import type { RunScope } from './run-scope.ts'
import type { Steps } from './steps.ts'
import { runUndo } from './task-runner.ts'

interface Registered {
  name: string
  run: () => Promise<unknown>
}

/** One act: its undos in the order in which they are done. */
type Act = readonly Registered[]

export async function runSaga<Deps, T>(
  scope: RunScope<Deps>,
  steps: Steps<Deps>,
  body: (saga: Saga<Deps>) => Promise<T>,
): Promise<T> {
  const acts: Act[] = []
  const act = async <Input, Output>(
    definition: AnyTask<Deps, Input, Output>,
    input: Input,
    ...undos: Undo<Deps, Input, Output>[]
  ): Promise<Output> => {
    const actNumber = steps.take()
    let result: Output | undefined
    const entry = undos.map((undo) => ({
      name: undo.name,
      run: () => {
        const number = steps.take()
        const undone = () => runUndo(steps.scopeAt(number), undo, { input, result, actNumber })
        return steps.run(number, 'undo', undo.name, undone, occupationOf(undo.kind))
      },
    }))
    acts.push(entry)
    try {
      result = await steps.task(definition, input, actNumber)
      return result
    } catch (error) {
      // What never began left nothing behind.
      if (error instanceof FlowCancelled && !error.started) acts.splice(acts.indexOf(entry), 1)
      throw error
    }
  }
  try {
    return await body({ act })
  } catch (error) {
    await undoAll(scope, acts.reverse(), error)
    throw error
  }
}

/** Every act is undone, whatever became of the others; an undo that failed is flagged, never silent. */
async function undoAll<Deps>(scope: RunScope<Deps>, acts: readonly Act[], cause: unknown): Promise<void> {
  const failed: string[] = []
  for (const act of acts) {
    const failure = await undoAct(act)
    if (failure !== undefined) failed.push(failure)
  }
  if (failed.length === 0) return
  const why = `Could not undo ${failed.join('; ')} (after: ${describeError(cause).message})`
  await scope.journal.flag(why)
  scope.observer?.undoFailed(scope.flowName)
  throw new FlowFailure('saga_undo_failed', why)
}

/** Returns what went wrong, if anything did. */
async function undoAct(act: Act): Promise<string | undefined> {
  for (const { name, run } of act) {
    try {
      await run()
    } catch (error) {
      return `${name}: ${describeError(error).message}`
    }
  }
  return undefined
}
