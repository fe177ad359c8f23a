/** Runs one task to its recorded outcome: attempts, timeout, cache, parts of a transaction, undo. */

import { storableJson } from '../contract/unstorable-text.ts'
import { inSpan } from '../observability/spans.ts'
import { attemptOnce, isLastAttempt, nextDelay } from './attempts.ts'
import { describeError, type ErrorRecord } from './errors.ts'
import type { AnyTask, RetryPolicy, Task, TaskContext, TransactionalTask, Undo } from './flow.ts'
import { type Checkpoint, OwnershipLost, type Part, type StepKind } from './journal.ts'
import { occupationOf } from './occupation.ts'
import { pause } from './pause.ts'
import { halted } from './run-control.ts'
import type { StepScope } from './run-scope.ts'

interface Attempted {
  name: string
  kind: StepKind
  retry: RetryPolicy | undefined
  /** Listens to cancel: false for an undo. */
  cancellable: boolean
}

/** One attempt at a step. */
interface Attempt {
  attempt: number
  startedAt: number
  /** Attempts made before a person asked for a retry: the policy counts from there. */
  granted: number
  lastAttempt: boolean
}

export function runTask<Deps, Input, Output>(
  scope: StepScope<Deps>,
  task: AnyTask<Deps, Input, Output>,
  input: Input,
): Promise<Checkpoint> {
  return task.kind === 'transaction' ? runTransaction(scope, task, input) : runPlain(scope, task, input)
}

export function runUndo<Deps, Input, Output>(
  scope: StepScope<Deps>,
  undo: Undo<Deps, Input, Output>,
  act: { input: Input; result: Output | undefined; actNumber: number },
): Promise<Checkpoint> {
  const { actNumber, ...what } = act
  const actKey = keyOf({ ...scope, number: actNumber })
  const about: Attempted = { name: undo.name, kind: 'undo', retry: undo.retry, cancellable: false }
  return throughAttempts(scope, about, async (tried) => {
    const never = new AbortController().signal
    const run = (signal: AbortSignal) =>
      undo.run(scope.deps, { ...what, actKey }, contextOf(scope, undo.name, tried, signal))
    await attemptOnce(run, undo.timeoutSeconds, never)
    const { startedAt } = tried
    const done: Checkpoint = { name: undo.name, kind: 'undo', startedAt, endedAt: Date.now(), value: null }
    return scope.journal.record(scope.number, done)
  })
}

async function runPlain<Deps, Input, Output>(
  scope: StepScope<Deps>,
  task: Task<Deps, Input, Output>,
  input: Input,
): Promise<Checkpoint> {
  const { journal, control, number } = scope
  const cacheKey = task.cache && `${task.name}:${task.cache.key(input)}`
  const about: Attempted = { name: task.name, kind: 'task', retry: task.retry, cancellable: true }
  return throughAttempts(scope, about, async (tried) => {
    const hit = cacheKey === undefined ? undefined : await journal.cached(cacheKey)
    const run = (signal: AbortSignal) =>
      task.run(scope.deps, input, contextOf(scope, task.name, tried, signal))
    const value = hit ? hit.value : asJson(await attemptOnce(run, task.timeoutSeconds, control.signal))
    if (!hit && cacheKey !== undefined && task.cache) {
      await journal.cache(cacheKey, value, task.cache.expiresInSeconds)
    }
    const { startedAt } = tried
    const done: Checkpoint = { name: task.name, kind: 'task', startedAt, endedAt: Date.now(), value }
    return journal.record(number, done)
  })
}

function runTransaction<Deps, Input, Output>(
  scope: StepScope<Deps>,
  task: TransactionalTask<Deps, Input, Output>,
  input: Input,
): Promise<Checkpoint> {
  const about: Attempted = { name: task.name, kind: 'transaction', retry: task.retry, cancellable: true }
  const lock = task.lock?.(input)
  return throughAttempts(scope, about, (tried) =>
    scope.journal.transaction(scope.number, lock, async (sql) => {
      const parts: Part[] = []
      const context = contextOf(scope, task.name, tried, scope.control.signal)
      const value = asJson(await task.run(scope.deps, input, { ...context, sql, part: partsInto(parts) }))
      const { startedAt } = tried
      const done: Checkpoint = { name: task.name, kind: 'transaction', startedAt, endedAt: Date.now(), value }
      return parts.length > 0 ? { ...done, parts } : done
    }),
  )
}

/** Times each part, and names the part in an error that leaves it. */
function partsInto(parts: Part[]) {
  return async <T>(name: string, body: () => Promise<T> | T): Promise<T> => {
    const part: Part = { name, startedAt: Date.now(), endedAt: 0 }
    try {
      return await body()
    } catch (error) {
      part.error = describeError(error)
      if (error instanceof Error && !('taskName' in error)) Object.assign(error, { taskName: name })
      throw error
    } finally {
      part.endedAt = Date.now()
      parts.push(part)
    }
  }
}

/** Attempt after attempt until one is recorded, or the last failure is. Counts on where a dead worker stopped. */
async function throughAttempts<Deps>(
  scope: StepScope<Deps>,
  about: Attempted,
  attemptIt: (tried: Attempt) => Promise<Checkpoint>,
): Promise<Checkpoint> {
  const before = scope.journal.lastFailedAttempt(scope.number)
  if (before && before.nextAttemptAt === undefined) return fail(scope, about, before.startedAt, before.error)
  const stop = about.cancellable ? scope.control.signal : new AbortController().signal
  const rest = async (ms: number) => {
    const goOn = scope.control.rest(occupationOf(about.kind))
    await pause(ms, stop)
    goOn()
  }
  if (before?.nextAttemptAt !== undefined) await rest(before.nextAttemptAt - Date.now())
  const granted = before?.granted ?? 0
  for (let attempt = (before?.attempt ?? 0) + 1; ; attempt++) {
    const startedAt = Date.now()
    const lastAttempt = isLastAttempt(about.retry, attempt - granted)
    const tried: Attempt = { attempt, startedAt, granted, lastAttempt }
    if (scope.control.lost) return halted()
    if (isCancelled(scope, about)) return fail(scope, about, startedAt, WHILE_IT_RAN)
    try {
      const done = await inSpan(spanOf(scope, about, attempt), () => attemptIt(tried))
      scope.observer?.taskEnded(scope.flowName, about.name, true, (done.endedAt - done.startedAt) / 1000)
      return done
    } catch (error) {
      if (error instanceof OwnershipLost || scope.control.lost) throw new OwnershipLost()
      if (isCancelled(scope, about)) return fail(scope, about, startedAt, WHILE_IT_RAN)
      const delay = await keepFailure(scope, about, tried, error)
      if (delay === undefined) return fail(scope, about, startedAt, describeError(error), error)
      await rest(delay * 1000)
    }
  }
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

const isCancelled = <Deps>({ control }: StepScope<Deps>, { cancellable }: Attempted) =>
  cancellable && control.cancelled

/** Records a failed attempt; answers the seconds until the next one, or undefined when it was the last. */
async function keepFailure<Deps>(
  { journal, number, observer, flowName }: StepScope<Deps>,
  { name, retry }: Attempted,
  { attempt, startedAt, granted }: Attempt,
  error: unknown,
): Promise<number | undefined> {
  const delay = nextDelay(retry, attempt - granted, error, Math.random())
  const endedAt = Date.now()
  const nextAttemptAt = delay === undefined ? undefined : endedAt + delay * 1000
  await journal.attemptFailed({
    attempt,
    startedAt,
    granted,
    step: number,
    taskName: name,
    endedAt,
    nextAttemptAt,
    error: describeError(error),
  })
  if (delay !== undefined) observer?.taskRetried(flowName, name)
  return delay
}

const WHILE_IT_RAN: ErrorRecord = { code: 'cancelled', message: 'Cancelled while it ran.' }

async function fail<Deps>(
  scope: StepScope<Deps>,
  about: Attempted,
  startedAt: number,
  error: ErrorRecord,
  cause?: unknown,
): Promise<Checkpoint> {
  const { name, kind } = about
  const failed: Checkpoint = {
    name,
    kind,
    startedAt,
    endedAt: Date.now(),
    error: { task_name: name, ...error },
    cause,
  }
  scope.observer?.taskEnded(scope.flowName, name, false, (failed.endedAt - startedAt) / 1000)
  return scope.journal.record(scope.number, failed)
}

function contextOf<Deps>(
  scope: StepScope<Deps>,
  taskName: string,
  { attempt, lastAttempt }: Attempt,
  signal: AbortSignal,
): TaskContext {
  let lines = 0
  return {
    runId: scope.runId,
    eventId: scope.eventId,
    taskName,
    attempt,
    lastAttempt,
    idempotencyKey: keyOf(scope),
    signal,
    now: () => scope.now?.() ?? new Date(),
    log: (message, fields) => {
      const key = `t${scope.number}.${attempt}.${lines++}`
      scope.journal.log({
        key,
        at: Date.now(),
        level: 'info',
        message,
        taskName,
        ...(fields ? { fields } : {}),
      })
    },
  }
}

function keyOf(scope: Pick<StepScope<unknown>, 'runId' | 'generation' | 'number'>): string {
  return `${scope.runId}.${scope.generation}.${scope.number}`
}

/** What a replay would read back: the first run sees the same, so that a Date that becomes a string shows at once. */
function asJson(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(storableJson(value))
}
