/** What one attempt at a task does: call it with its context, time its parts, record what it returned. */

import { storableJson } from '../contract/unstorable-text.ts'
import { type Attempted, type Tried, throughAttempts } from './attempt-loop.ts'
import { attemptOnce } from './attempt-once.ts'
import { describeError } from './errors.ts'
import type { AnyTask, Task, TaskContext, TransactionalTask, Undo } from './flow.ts'
import type { Checkpoint, Part } from './journal.ts'
import type { StepScope } from './run-scope.ts'

/** Runs a task to its recorded outcome. */
export function runTask<Deps, Input, Output>(
  scope: StepScope<Deps>,
  task: AnyTask<Deps, Input, Output>,
  input: Input,
): Promise<Checkpoint> {
  return runAs({ kind: task.kind, cancellable: true }, scope, task, input)
}

/** Runs the undo of the act at step `actNumber`: an undo is not stopped by the cancel that it may be there for. */
export function runUndo<Deps, Input, Output>(
  scope: StepScope<Deps>,
  undo: Undo<Deps, Input, Output>,
  { actNumber, ...act }: { input: Input; result: Output | undefined; actNumber: number },
): Promise<Checkpoint> {
  const actKey = keyOf({ ...scope, number: actNumber })
  return runAs({ kind: 'undo', cancellable: false }, scope, undo, { ...act, actKey })
}

function runAs<Deps, Input, Output>(
  how: Pick<Attempted, 'kind' | 'cancellable'>,
  scope: StepScope<Deps>,
  task: AnyTask<Deps, Input, Output>,
  input: Input,
): Promise<Checkpoint> {
  const about: Attempted = { ...how, name: task.name, retry: task.retry, does: task.kind }
  return task.kind === 'transaction'
    ? runTransaction(scope, about, task, input)
    : runPlain(scope, about, task, input)
}

const never = () => new AbortController().signal

async function runPlain<Deps, Input, Output>(
  scope: StepScope<Deps>,
  about: Attempted,
  task: Task<Deps, Input, Output>,
  input: Input,
): Promise<Checkpoint> {
  const { journal, control, number } = scope
  const { name, kind } = about
  const stop = about.cancellable ? control.signal : never()
  const cacheKey = task.cache && `${task.name}:${task.cache.key(input)}`
  return throughAttempts(scope, about, async (tried) => {
    const hit = cacheKey === undefined ? undefined : await journal.cached(cacheKey)
    const run = (signal: AbortSignal) => task.run(scope.deps, input, contextOf(scope, name, tried, signal))
    const value = hit ? hit.value : asJson(await attemptOnce(run, task.timeoutSeconds, stop))
    if (!hit && cacheKey !== undefined && task.cache) {
      await journal.cache(cacheKey, value, task.cache.expiresInSeconds)
    }
    const { startedAt } = tried
    return journal.record(number, { name, kind, startedAt, endedAt: Date.now(), value })
  })
}

function runTransaction<Deps, Input, Output>(
  scope: StepScope<Deps>,
  about: Attempted,
  task: TransactionalTask<Deps, Input, Output>,
  input: Input,
): Promise<Checkpoint> {
  const { journal, control, number } = scope
  const { name, kind, cancellable } = about
  const signal = cancellable ? control.signal : never()
  const lock = task.lock?.(input)
  return throughAttempts(scope, about, (tried) =>
    journal.transaction(number, { lock, cancellable }, async (sql) => {
      const parts: Part[] = []
      const context = contextOf(scope, name, tried, signal)
      const value = asJson(await task.run(scope.deps, input, { ...context, sql, part: partsInto(parts) }))
      const { startedAt } = tried
      const done: Checkpoint = { name, kind, startedAt, endedAt: Date.now(), value }
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

function contextOf<Deps>(
  scope: StepScope<Deps>,
  taskName: string,
  { attempt, lastAttempt }: Tried,
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

function keyOf({
  runId,
  generationAt,
  number,
}: Pick<StepScope<unknown>, 'runId' | 'generationAt' | 'number'>): string {
  return `${runId}.${generationAt(number)}.${number}`
}

/** What a replay would read back: the first run sees the same, so that a Date that becomes a string shows at once. */
function asJson(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(storableJson(value))
}
