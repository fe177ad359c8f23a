/**
 * The numbered steps of one execution: answered from the journal when recorded, else done and recorded. The only place
 * that counts steps. A number is taken before anything is awaited, so that a replay numbers them the same way.
 */
import { FlowCancelled, FlowFailure, TaskFailed } from './errors.ts'
import type { AnyTask } from './flow.ts'
import { type Checkpoint, OwnershipLost, type StepKind } from './journal.ts'
import { occupationOf } from './occupation.ts'
import { halted, type Occupation } from './run-control.ts'
import type { RunScope, StepScope } from './run-scope.ts'
import { runTask } from './task-runner.ts'

export interface Steps<Deps> {
  /** The first of `count` step numbers that are now taken. */
  take(count?: number): number
  scopeAt(number: number): StepScope<Deps>
  /** The recorded value, or what `act` records; throws the recorded failure. */
  run(
    number: number,
    kind: StepKind,
    name: string,
    act: () => Promise<Checkpoint>,
    occupation?: Occupation,
  ): Promise<unknown>
  task<Input, Output>(
    definition: AnyTask<Deps, Input, Output>,
    input: Input,
    number?: number,
  ): Promise<Output>
}

export function createSteps<Deps>(scope: RunScope<Deps>): Steps<Deps> {
  const { journal, control } = scope
  let taken = 0
  const take = (count = 1) => {
    taken += count
    return taken - count
  }
  const scopeAt = (number: number): StepScope<Deps> => ({ ...scope, number })

  async function run(
    number: number,
    kind: StepKind,
    name: string,
    act: () => Promise<Checkpoint>,
    occupation = occupationOf(kind),
  ) {
    if (control.lost) return halted()
    const known = journal.recorded(number)
    if (known) return replay(known, name, number)
    const leave = control.occupy(occupation)
    try {
      // What is undone is undone also when the run is cancelled: that is why it is undone.
      if (control.cancelled && kind !== 'undo') await refuseToStart(scope, number, kind, name)
      return replay(await act(), name, number)
    } catch (error) {
      if (error instanceof OwnershipLost) control.lose()
      if (control.lost) return halted()
      throw error
    } finally {
      leave()
    }
  }

  return {
    take,
    scopeAt,
    run,
    task: <Input, Output>(definition: AnyTask<Deps, Input, Output>, input: Input, number = take()) =>
      run(number, definition.kind, definition.name, () =>
        runTask(scopeAt(number), definition, input),
      ) as Promise<Output>,
  }
}

/** Recorded like any outcome: a replay is refused at the same step. */
async function refuseToStart<Deps>(
  { journal }: RunScope<Deps>,
  number: number,
  kind: StepKind,
  name: string,
): Promise<never> {
  const at = Date.now()
  // Without a record it may still have begun, in an execution that died: then it is to be undone.
  const started = journal.resumed
  if (started && kind === 'child') await journal.cancelChild(journal.childId(number))
  const message = started ? 'Cancelled, and it may have begun.' : 'Cancelled before it started.'
  const error = { code: 'cancelled', message, started }
  await journal.record(number, { name, kind, startedAt: at, endedAt: at, error })
  throw new FlowCancelled(started, [number])
}

/** A recorded outcome as the flow sees it. A name that differs: the flow's code changed under a running run. */
function replay(checkpoint: Checkpoint, name: string, number: number): unknown {
  if (checkpoint.name !== name) {
    throw new FlowFailure(
      'flow_changed',
      `The flow now does "${name}" where this run recorded "${checkpoint.name}": finish old runs on the old build.`,
    )
  }
  const { error, cause } = checkpoint
  if (!error) return checkpoint.value
  if (error.code === 'cancelled') throw new FlowCancelled(error.started !== false, [number])
  throw new TaskFailed(error.task_name ?? name, error.code, error.message, [number], { cause })
}
