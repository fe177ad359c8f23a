/**
 * A run's task runs, put together from three places: the checkpoints of what ended (dbos.operation_outputs), the
 * failed attempts on the way (prefect.task_attempts) and the waits (prefect.run_waits). A task that is being tried for
 * the first time has no row anywhere yet and is not listed.
 */
import { ENDED, type RunStatus, type TaskRun } from '../contract/run.ts'
import { instantText, secondsBetween } from '../postgres/instant-text.ts'
import { type StoredKind, unpackError, unpackOutput } from './checkpoint-format.ts'
import { errorOf } from './json.ts'

export interface CheckpointRow {
  step: number
  name: string | null
  output: string | null
  error: string | null
  started_ms: number | null
  completed_ms: number | null
}

export interface AttemptRow {
  step: number
  attempt: number
  task_name: string
  started_at: Date
  ended_at: Date
  error: unknown
  next_attempt_at: Date | null
}

export interface WaitRow {
  step: number
  signal: string | null
  opened_at: Date
  closed_at: Date | null
}

export interface RunTrace {
  runId: string
  status: RunStatus
  checkpoints: readonly CheckpointRow[]
  attempts: readonly AttemptRow[]
  waits: readonly WaitRow[]
  now: Date
}

type Attempt = TaskRun['attempts'][number]
interface Outcome {
  startedMs: number | null
  endedMs: number | null
  error: { code: string; message: string } | null
}

/** Recorded so that a replay reads the same clock and the same random, and no work of anyone's. */
const NOT_TASKS: ReadonlySet<StoredKind> = new Set(['now', 'uuid'])

/** In the order of the steps; the parts of a transaction one by one in its place. */
export function taskRuns(trace: RunTrace): TaskRun[] {
  const failed = byStep(trace.attempts)
  const ended = new Set(trace.checkpoints.map((checkpoint) => checkpoint.step))
  const waiting = trace.waits.filter((wait) => !ended.has(wait.step))
  const listed = new Set([...ended, ...waiting.map((wait) => wait.step)])
  const steps: { step: number; runs: TaskRun[] }[] = [
    ...trace.checkpoints.map((row) => ({
      step: row.step,
      runs: fromCheckpoint(trace.runId, row, failed.get(row.step) ?? []),
    })),
    ...waiting.map((wait) => ({ step: wait.step, runs: [fromWait(trace, wait)] })),
    ...[...failed]
      .filter(([step]) => !listed.has(step))
      .map(([step, attempts]) => ({ step, runs: [fromAttempts(trace, step, attempts)] })),
  ]
  return steps.sort((a, b) => a.step - b.step).flatMap(({ runs }) => runs)
}

function byStep(attempts: readonly AttemptRow[]): Map<number, AttemptRow[]> {
  const groups = new Map<number, AttemptRow[]>()
  for (const attempt of attempts) {
    const group = groups.get(attempt.step)
    if (group) group.push(attempt)
    else groups.set(attempt.step, [attempt])
  }
  return groups
}

function fromCheckpoint(runId: string, row: CheckpointRow, failed: readonly AttemptRow[]): TaskRun[] {
  const stored = unpackOutput(row.output)
  const name = row.name ?? 'task'
  if (stored && NOT_TASKS.has(stored.kind)) return []
  // The engine's own bookkeeping, written without our envelope.
  if (stored === undefined && row.error === null && name.startsWith('DBOS.')) return []
  const id = `${runId}.${row.step}`
  const error = shown(unpackError(row.error))
  const runs = (stored?.parts ?? []).map((part, index) =>
    ended(`${id}.${index}`, part.name, failed, {
      startedMs: part.startedAt,
      endedMs: part.endedAt,
      error: shown(part.error),
    }),
  )
  // A transaction is listed itself only when it has no parts, or failed outside of them: a failure must show.
  const isShown = runs.length === 0 || (error !== null && runs.every((run) => run.status === 'completed'))
  if (isShown)
    runs.push(ended(id, name, failed, { startedMs: row.started_ms, endedMs: row.completed_ms, error }))
  return runs
}

/** What a caller sees of a stored error. */
const shown = (error: unknown) => (error === undefined ? null : errorOf(error))

function ended(id: string, name: string, failed: readonly AttemptRow[], outcome: Outcome): TaskRun {
  const first = failed[0]?.started_at.getTime() ?? null
  const startedMs = earliest(first, outcome.startedMs)
  const attempts = failed.map(attemptOf)
  // A last attempt that failed may be kept as an attempt already, and must not be counted twice.
  const lastIsKept = outcome.error !== null && failed.at(-1)?.next_attempt_at === null
  if (!lastIsKept) attempts.push(finalAttempt(failed.at(-1), outcome))
  return {
    task_run_id: id,
    task_name: name,
    status:
      outcome.error === null ? 'completed' : outcome.error.code === 'cancelled' ? 'cancelled' : 'failed',
    started_at: instantText(startedMs),
    duration_seconds: secondsBetween(startedMs, outcome.endedMs),
    retries: attempts.length - 1,
    attempts,
  }
}

/** The checkpoint's own attempt. It began when the one before it said the next would, or with the task. */
function finalAttempt(previous: AttemptRow | undefined, outcome: Outcome): Attempt {
  const resumed = previous?.next_attempt_at?.getTime() ?? previous?.ended_at.getTime() ?? null
  const startedMs = resumed === null ? outcome.startedMs : Math.max(resumed, outcome.startedMs ?? resumed)
  return {
    attempt: (previous?.attempt ?? 0) + 1,
    status: outcome.error === null ? 'completed' : 'failed',
    started_at: instantText(startedMs),
    duration_seconds: secondsBetween(startedMs, outcome.endedMs),
    error: outcome.error,
    next_attempt_at: null,
  }
}

/** A task with failed attempts and no outcome yet. */
function fromAttempts(trace: RunTrace, step: number, failed: readonly AttemptRow[]): TaskRun {
  const first = failed[0]
  const last = failed.at(-1)
  const over = ENDED.includes(trace.status)
  const pausing = !over && last?.next_attempt_at != null && last.next_attempt_at > trace.now
  const startedMs = first?.started_at.getTime() ?? null
  return {
    task_run_id: `${trace.runId}.${step}`,
    task_name: first?.task_name ?? 'task',
    status: over ? abandoned(trace.status) : pausing ? 'retrying' : 'running',
    started_at: instantText(startedMs),
    duration_seconds: over ? secondsBetween(startedMs, last?.ended_at.getTime() ?? null) : null,
    // The last failure has been retried only when the attempt after it has begun.
    retries: over || pausing ? failed.length - 1 : failed.length,
    attempts: failed.map(attemptOf),
  }
}

function fromWait(trace: RunTrace, wait: WaitRow): TaskRun {
  const over = ENDED.includes(trace.status)
  const closed = wait.closed_at?.getTime() ?? null
  return {
    task_run_id: `${trace.runId}.${wait.step}`,
    task_name: wait.signal === null ? 'sleep' : `wait_for:${wait.signal}`,
    status: closed !== null ? 'completed' : over ? 'cancelled' : 'waiting',
    started_at: instantText(wait.opened_at),
    duration_seconds: secondsBetween(wait.opened_at.getTime(), closed),
    retries: 0,
    attempts: [],
  }
}

const abandoned = (status: RunStatus) => (status === 'cancelled' ? 'cancelled' : 'failed')

function attemptOf(row: AttemptRow): Attempt {
  return {
    attempt: row.attempt,
    status: 'failed',
    started_at: instantText(row.started_at),
    duration_seconds: secondsBetween(row.started_at.getTime(), row.ended_at.getTime()),
    error: errorOf(row.error),
    next_attempt_at: instantText(row.next_attempt_at),
  }
}

function earliest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b)
}
