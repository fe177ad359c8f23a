/** Words that wait: for time, for a signal, for a child. They hold no work, so a drain hands their runs over at once. */
import type { ErrorRecord } from './errors.ts'
import type { FlowDefinition } from './flow.ts'
import type { Checkpoint, Journal } from './journal.ts'
import { pause } from './pause.ts'
import { halted, type RunControl } from './run-control.ts'
import type { RunScope } from './run-scope.ts'
import type { Steps } from './steps.ts'

/** Ends by its deadline (null), by the signal (its payload), or by cancel; the outcome is recorded. */
export function waitFor<Deps>(
  { journal, control }: RunScope<Deps>,
  steps: Steps<Deps>,
  signal: string | undefined,
  seconds: number,
): Promise<unknown> {
  const number = steps.take()
  const name = signal ?? 'sleep'
  return steps.run(number, 'wait', name, async () => {
    const startedAt = Date.now()
    const opened = await here(control, () => journal.openWait(number, signal, seconds))
    const value = await untilSignal(journal, control, { number, signal, until: performance.now() + opened })
    if (control.lost) return halted()
    const checkpoint: Checkpoint = { name, kind: 'wait', startedAt, endedAt: Date.now(), value }
    if (control.cancelled && value === null) {
      checkpoint.error = { code: 'cancelled', message: 'Cancelled while it waited.' }
    }
    return here(control, () => journal.record(number, checkpoint))
  })
}

/** Work in the database that a wait begins and ends with: while it is done the run does not merely wait. */
async function here<T>(control: RunControl, act: () => Promise<T>): Promise<T> {
  const leave = control.occupy('here')
  try {
    return await act()
  } finally {
    leave()
  }
}

async function untilSignal(
  journal: Journal,
  { signal: stop }: RunControl,
  { number, signal, until }: { number: number; signal: string | undefined; until: number },
): Promise<{ payload: unknown } | null> {
  for (;;) {
    const taken = signal === undefined ? undefined : await journal.takeSignal(number, signal)
    if (taken) return { payload: taken.payload ?? null }
    const left = until - performance.now()
    if (left <= 0 || stop.aborted) return null
    if (signal === undefined) await pause(left, stop)
    else await journal.signalled(left, stop)
  }
}

/** Starts a run of its own and waits for its end; its failure is `child_failed` here, our cancel is its cancel. */
export function runChild<Deps>(
  { journal, control }: RunScope<Deps>,
  steps: Steps<Deps>,
  flow: FlowDefinition<Deps>,
  parameters: unknown,
): Promise<unknown> {
  const number = steps.take()
  const { name } = flow
  return steps.run(number, 'child', name, async () => {
    const startedAt = Date.now()
    const given = flow.parameters.parse(parameters)
    const childId = await here(control, () => journal.startChild(number, flow, given, true))
    const outcome = await journal.childOutcome(childId, control.signal)
    if (control.lost) return halted()
    if (control.cancelled && 'error' in outcome) await journal.cancelChild(childId)
    const checkpoint: Checkpoint = { name, kind: 'child', startedAt, endedAt: Date.now() }
    if ('error' in outcome) checkpoint.error = childError(name, outcome.error, control.cancelled)
    else checkpoint.value = outcome.value
    return here(control, () => journal.record(number, checkpoint))
  })
}

function childError(flow: string, error: ErrorRecord, cancelled: boolean): ErrorRecord {
  if (cancelled) return { code: 'cancelled', message: 'Cancelled while its child ran.' }
  return {
    code: 'child_failed',
    message: `${flow} ended with ${error.code}: ${error.message}`,
    task_name: flow,
  }
}
