/**
 * What a run remembers. The words of the flow language (`words.ts`) are written once, over this port; an engine is a
 * journal plus a way to start and recover runs. Steps are numbered by the words, the same way on every replay.
 */
import type { ErrorRecord } from './errors.ts'
import type { AnyFlow, LogFields, TransactionSql } from './flow.ts'

export type StepKind = 'task' | 'transaction' | 'wait' | 'child' | 'start' | 'now' | 'uuid' | 'undo'

/** A named part of a transaction. Times in epoch milliseconds. */
export interface Part {
  name: string
  startedAt: number
  endedAt: number
  error?: ErrorRecord
}

/** The one recorded outcome of a step: a JSON value, or an error. */
export interface Checkpoint {
  name: string
  kind: StepKind
  startedAt: number
  endedAt: number
  value?: unknown
  error?: ErrorRecord
  parts?: Part[]
  /** What was thrown, in this execution: never recorded. */
  cause?: unknown
}

export interface FailedAttempt {
  step: number
  attempt: number
  taskName: string
  startedAt: number
  endedAt: number
  error: ErrorRecord
  /** Epoch milliseconds; undefined: there is no next one. */
  nextAttemptAt: number | undefined
  /** Made before the last manual retry: the policy counts from there. */
  attemptsBeforeRetry: number
}

export interface LogLine {
  /** Position in the run: the same on every replay, so that no line is kept twice. */
  key: string
  at: number
  level: 'info' | 'warn' | 'error'
  message: string
  taskName?: string
  fields?: LogFields
}

/** Thrown by a journal when another worker owns the run now: nothing this one does may be recorded. */
export class OwnershipLost extends Error {
  override readonly name = 'OwnershipLost'
}

export interface Journal {
  /** An earlier execution may have begun any step that is not recorded. */
  readonly resumed: boolean
  /** Loaded when the run starts or resumes. */
  recorded(step: number): Checkpoint | undefined
  lastFailedAttempt(step: number): FailedAttempt | undefined
  /** Commits the outcome, once, and only while this execution owns the run (else OwnershipLost). Returns what stands. */
  record(step: number, checkpoint: Checkpoint): Promise<Checkpoint>
  /**
   * Runs `body` in one transaction that also holds its checkpoint; returns the checkpoint that is recorded. Tried while
   * the database is away, `cancellable` until the run is cancelled.
   */
  transaction(
    step: number,
    how: { lock: string | undefined; cancellable: boolean },
    body: (sql: TransactionSql) => Promise<Checkpoint>,
  ): Promise<Checkpoint>
  attemptFailed(attempt: FailedAttempt): Promise<void>
  cached(key: string): Promise<{ value: unknown } | undefined>
  cache(key: string, value: unknown, expiresInSeconds: number): Promise<void>
  /** Opens a wait of so many seconds, or finds it open since an earlier execution: returns the milliseconds left. */
  openWait(step: number, signal: string | undefined, seconds: number): Promise<number>
  /** Takes the oldest signal of that name that no other step took. */
  takeSignal(step: number, signal: string): Promise<{ payload: unknown } | undefined>
  /** Resolves when a signal may have come, at the latest after `withinMs`, or at once when `stop` aborts. */
  signalled(withinMs: number, stop: AbortSignal): Promise<void>
  /** The id that a child started at this step has, or would have. */
  childId(step: number): string
  /** Commits the child's run, once, and returns its id. `awaited`: this run waits for its end. */
  startChild(step: number, flow: AnyFlow, parameters: unknown, awaited: boolean): Promise<string>
  childOutcome(runId: string, stop: AbortSignal): Promise<{ value: unknown } | { error: ErrorRecord }>
  /** Also when there is none, or it has ended. */
  cancelChild(runId: string): Promise<void>
  /** Marks the run for a person to look at. */
  flag(reason: string): Promise<void>
  log(line: LogLine): void
}
