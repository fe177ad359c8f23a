/** Attempt after attempt at one step, until one is recorded or the step has failed. What comes next: `attempts.ts`. */
import { inSpan } from '../observability/spans.ts'
import { failedAttempt, nextAttempt, type PlannedAttempt } from './attempts.ts'
import type { ErrorRecord } from './errors.ts'
import type { AnyTask, RetryPolicy } from './flow.ts'
import { type Checkpoint, type FailedAttempt, OwnershipLost, type StepKind } from './journal.ts'
import { occupationOf } from './occupation.ts'
import { pause } from './pause.ts'
import { halted } from './run-control.ts'
import type { StepScope } from './run-scope.ts'

/** The step that is attempted. */
export interface Attempted {
  name: string
  /** As it is recorded. */
  kind: StepKind
  /** What an attempt does: of an undo, what its task is. */
  does: AnyTask<unknown, unknown, unknown>['kind']
  retry: RetryPolicy | undefined
  /** Listens to cancel: false of an undo. */
  cancellable: boolean
}

/** One attempt that was begun. */
export interface Tried extends PlannedAttempt {
  startedAt: number
}

/** Counts on where a dead worker stopped. */
export async function throughAttempts<Deps>(
  scope: StepScope<Deps>,
  about: Attempted,
  attemptIt: (tried: Tried) => Promise<Checkpoint>,
): Promise<Checkpoint> {
  let last = scope.journal.lastFailedAttempt(scope.number)
  let cause: unknown
  for (;;) {
    const next = nextAttempt(about.retry, last)
    if (next === 'none') return fail(scope, about, last as FailedAttempt, cause)
    if (next.notBefore !== undefined) await rest(scope, about, next.notBefore - Date.now())
    const tried: Tried = { ...next, startedAt: Date.now() }
    const cancelled = { startedAt: tried.startedAt, error: WHILE_IT_RAN }
    if (scope.control.lost) return halted()
    if (isCancelled(scope, about)) return fail(scope, about, cancelled)
    try {
      const done = await inSpan(spanOf(scope, about, tried.attempt), () => attemptIt(tried))
      scope.observer?.taskEnded(scope.flowName, about.name, true, (done.endedAt - done.startedAt) / 1000)
      return done
    } catch (error) {
      if (error instanceof OwnershipLost || scope.control.lost) throw new OwnershipLost()
      if (isCancelled(scope, about)) return fail(scope, about, cancelled)
      last = await keepFailure(scope, about, tried, error)
      cause = error
    }
  }
}

const WHILE_IT_RAN: ErrorRecord = { code: 'cancelled', message: 'Cancelled while it ran.' }

const isCancelled = <Deps>({ control }: StepScope<Deps>, { cancellable }: Attempted) =>
  cancellable && control.cancelled

/** Between two attempts the step only waits. */
async function rest<Deps>({ control }: StepScope<Deps>, about: Attempted, ms: number): Promise<void> {
  const goOn = control.rest(occupationOf(about.does))
  await pause(ms, about.cancellable ? control.signal : undefined)
  goOn()
}

async function keepFailure<Deps>(
  { journal, number, observer, flowName }: StepScope<Deps>,
  { name, retry }: Attempted,
  tried: Tried,
  error: unknown,
): Promise<FailedAttempt> {
  const failed = {
    step: number,
    taskName: name,
    ...failedAttempt(retry, tried, error, Date.now(), Math.random()),
  }
  await journal.attemptFailed(failed)
  if (failed.nextAttemptAt !== undefined) observer?.taskRetried(flowName, name)
  return failed
}

async function fail<Deps>(
  scope: StepScope<Deps>,
  { name, kind }: Attempted,
  { startedAt, error }: Pick<FailedAttempt, 'startedAt' | 'error'>,
  cause?: unknown,
): Promise<Checkpoint> {
  const endedAt = Date.now()
  scope.observer?.taskEnded(scope.flowName, name, false, (endedAt - startedAt) / 1000)
  const failed: Checkpoint = { name, kind, startedAt, endedAt, error: { task_name: name, ...error }, cause }
  return scope.journal.record(scope.number, failed)
}

const spanOf = <Deps>({ runId, number }: StepScope<Deps>, { name, kind }: Attempted, attempt: number) => ({
  name,
  attributes: {
    'prefect.run_id': runId,
    'prefect.step': number,
    'prefect.kind': kind,
    'prefect.attempt': attempt,
  },
})
