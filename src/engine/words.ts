/**
 * What each word of the flow language does, once for every engine: number the step, answer from the journal when it
 * is recorded, else act and record. A replay therefore takes the same path, whatever it met the first time.
 */
import { randomUUID } from 'node:crypto'
import {
  describeError,
  type ErrorRecord,
  FlowCancelled,
  FlowFailure,
  failedSteps,
  TaskFailed,
} from './errors.ts'
import type { AnyTask, Flow, FlowDefinition, LogFields, Saga, Undo } from './flow.ts'
import { type Checkpoint, OwnershipLost, type StepKind } from './journal.ts'
import { parked, pause } from './run-control.ts'
import type { RunScope, StepScope } from './run-scope.ts'
import { runTask, runUndo } from './task-runner.ts'

const NOT_STARTED = 'Cancelled before it started.'

/** The flow's end as the engine records it. */
export async function runFlow<Deps>(
  flow: FlowDefinition<Deps>,
  parameters: unknown,
  scope: RunScope<Deps>,
): Promise<unknown> {
  return flow.run(speak(scope), flow.parameters.parse(parameters))
}

function speak<Deps>(scope: RunScope<Deps>): Flow<Deps> {
  const { journal, control, runId } = scope
  let steps = 0
  let lines = 0

  /** Answers from the journal, or acts and records. `shielded`: goes on although the run is cancelled (an undo). */
  async function step(
    number: number,
    kind: StepKind,
    name: string,
    act: () => Promise<Checkpoint>,
    shielded = false,
  ): Promise<unknown> {
    if (control.lost) return parked()
    const known = journal.recorded(number)
    if (known) return replay(known, name, number)
    // A drain waits for work in progress; a wait goes on anywhere.
    const weight = kind === 'wait' || kind === 'child' ? 0 : 1
    control.working += weight
    try {
      if (control.cancelled && !shielded) await refuseToStart(number, kind, name)
      return replay(await act(), name, number)
    } catch (error) {
      if (error instanceof OwnershipLost) control.lose()
      if (control.lost) return parked()
      throw error
    } finally {
      control.working -= weight
    }
  }

  async function refuseToStart(number: number, kind: StepKind, name: string): Promise<never> {
    const at = Date.now()
    const error = { code: 'cancelled', message: NOT_STARTED }
    await journal.record(number, { name, kind, startedAt: at, endedAt: at, error })
    throw new FlowCancelled(false, [number])
  }

  const stepScope = (number: number): StepScope<Deps> => ({ ...scope, number })

  function task<Input, Output>(definition: AnyTask<Deps, Input, Output>, input: Input, number = steps++) {
    return step(number, definition.kind, definition.name, () =>
      runTask(stepScope(number), definition, input),
    ) as Promise<Output>
  }

  /** A wait ends by its deadline, by `ready`, or by cancel; its outcome is recorded, so a replay waits no more. */
  async function wait(signal: string | undefined, seconds: number): Promise<unknown> {
    const number = steps++
    const name = signal ?? 'sleep'
    return step(number, 'wait', name, async () => {
      const startedAt = Date.now()
      const until = await journal.openWait(number, signal, startedAt + seconds * 1000)
      const value = await untilSignal(number, signal, until)
      if (control.lost) return parked()
      const checkpoint: Checkpoint = { name, kind: 'wait', startedAt, endedAt: Date.now(), value }
      if (control.cancelled && value === null) {
        checkpoint.error = { code: 'cancelled', message: 'Cancelled while it waited.' }
      }
      await journal.record(number, checkpoint)
      return checkpoint
    })
  }

  async function untilSignal(number: number, signal: string | undefined, until: number) {
    for (;;) {
      const taken = signal === undefined ? undefined : await journal.takeSignal(number, signal)
      if (taken) return { payload: taken.payload ?? null }
      const left = until - Date.now()
      if (left <= 0 || control.signal.aborted) return null
      if (signal === undefined) await pause(left, control.signal)
      else await journal.signalled(left, control.signal)
    }
  }

  async function child(flow: FlowDefinition<Deps>, parameters: unknown): Promise<unknown> {
    const number = steps++
    const checked = flow.parameters.parse(parameters)
    return step(number, 'child', flow.name, async () => {
      const startedAt = Date.now()
      const childId = await journal.startChild(number, flow, checked)
      const outcome = await journal.childOutcome(childId, control.signal)
      if (control.lost) return parked()
      if (control.cancelled && 'error' in outcome) await journal.cancelChild(childId)
      const error = 'error' in outcome ? childError(flow.name, outcome.error, control.cancelled) : undefined
      const checkpoint: Checkpoint = { name: flow.name, kind: 'child', startedAt, endedAt: Date.now() }
      await journal.record(number, Object.assign(checkpoint, error ? { error } : outcome))
      return checkpoint
    })
  }

  /** A value made once and remembered. */
  function remembered(kind: 'now' | 'uuid', make: () => string): Promise<unknown> {
    const number = steps++
    return step(number, kind, kind, async () => {
      const at = Date.now()
      const checkpoint: Checkpoint = { name: kind, kind, startedAt: at, endedAt: at, value: make() }
      await journal.record(number, checkpoint)
      return checkpoint
    })
  }

  async function all<Input, Output>(
    definition: AnyTask<Deps, Input, Output>,
    inputs: readonly Input[],
    { concurrency = 10 }: { concurrency?: number } = {},
  ): Promise<Output[]> {
    // Numbered before any starts: which of them ends first must not change the path of a replay.
    const first = steps
    steps += inputs.length
    const outcomes: PromiseSettledResult<Output>[] = []
    let next = 0
    const lane = async () => {
      while (next < inputs.length) {
        const i = next++
        const run = task(definition, inputs[i] as Input, first + i)
        outcomes[i] = await run.then(
          (value) => ({ status: 'fulfilled' as const, value }),
          (reason) => ({ status: 'rejected' as const, reason }),
        )
      }
    }
    await Promise.all(Array.from({ length: Math.max(1, concurrency) }, lane))
    return valuesOf(outcomes)
  }

  async function saga<T>(body: (saga: Saga<Deps>) => Promise<T>): Promise<T> {
    const undos: { name: string; run: () => Promise<void> }[] = []
    const act = async <Input, Output>(
      definition: AnyTask<Deps, Input, Output>,
      input: Input,
      undo: Undo<Deps, Input, Output>,
    ): Promise<Output> => {
      const number = steps++
      let result: Output | undefined
      const entry = { name: undo.name, run: () => undoStep(undo, input, () => result, number) }
      undos.push(entry)
      try {
        result = await task(definition, input, number)
        return result
      } catch (error) {
        if (error instanceof FlowCancelled && !error.started) undos.splice(undos.indexOf(entry), 1)
        throw error
      }
    }
    try {
      return await body({ act })
    } catch (error) {
      await undoAll(undos.reverse(), error)
      throw error
    }
  }

  async function undoStep<Input, Output>(
    undo: Undo<Deps, Input, Output>,
    input: Input,
    result: () => Output | undefined,
    actNumber: number,
  ): Promise<void> {
    const number = steps++
    const act = () => runUndo(stepScope(number), undo, { input, result: result(), actNumber })
    await step(number, 'undo', undo.name, act, true)
  }

  /** Every undo is tried, whatever became of the others; a failed one is flagged, never silent. */
  async function undoAll(undos: { name: string; run: () => Promise<void> }[], cause: unknown): Promise<void> {
    const failed: string[] = []
    for (const undo of undos) {
      await undo.run().catch((error: unknown) => {
        failed.push(`${undo.name}: ${describeError(error).message}`)
      })
    }
    if (failed.length === 0) return
    const why = `Could not undo ${failed.join('; ')} (after: ${describeError(cause).message})`
    await journal.flag(why)
    scope.observer?.undoFailed(scope.flowName)
    throw new FlowFailure('saga_undo_failed', why)
  }

  return {
    runId,
    eventId: scope.eventId,
    task: (definition, input) => task(definition, input),
    all,
    child: (flow, parameters) => child(flow as FlowDefinition<Deps>, parameters) as Promise<never>,
    sleep: async (seconds) => void (await wait(undefined, seconds)),
    waitFor: async (signal, { within }) =>
      ((await wait(signal, within)) as { payload: never } | null)?.payload ?? undefined,
    saga,
    now: async () => new Date((await remembered('now', () => new Date().toISOString())) as string),
    uuid: () => remembered('uuid', randomUUID) as Promise<string>,
    log: (message: string, fields?: LogFields) =>
      journal.log({
        key: `f${lines++}`,
        at: Date.now(),
        level: 'info',
        message,
        ...(fields ? { fields } : {}),
      }),
  }
}

/** A recorded outcome as the flow sees it. A name that differs: the flow's code changed under a running run. */
function replay(checkpoint: Checkpoint, name: string, number: number): unknown {
  if (checkpoint.name !== name) {
    throw new FlowFailure(
      'flow_changed',
      `The flow now does "${name}" where this run recorded "${checkpoint.name}": finish old runs on the old build.`,
    )
  }
  const { error } = checkpoint
  if (!error) return checkpoint.value
  if (error.code === 'cancelled') throw new FlowCancelled(error.message !== NOT_STARTED, [number])
  throw new TaskFailed(error.task_name ?? name, error.code, error.message, [number])
}

/** All values, or the first failure by input order, which knows the steps of the other failures too. */
function valuesOf<T>(outcomes: PromiseSettledResult<T>[]): T[] {
  const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  const [first] = reasons
  if (first instanceof TaskFailed) {
    throw new TaskFailed(first.taskName, first.code, first.message, reasons.flatMap(failedSteps))
  }
  if (reasons.length > 0) throw first
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<T>).value)
}

function childError(flow: string, error: ErrorRecord, cancelled: boolean): ErrorRecord {
  if (cancelled) return { code: 'cancelled', message: 'Cancelled while its child ran.' }
  return {
    code: 'child_failed',
    message: `${flow} ended with ${error.code}: ${error.message}`,
    task_name: flow,
  }
}
