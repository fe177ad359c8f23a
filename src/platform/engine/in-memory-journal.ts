/** What an in-memory run remembers: the journal over a few maps. Twin of `durable/durable-journal.ts`. */
import { ENDED, type RunStatus } from '../contract/run.ts'
import type { CancelOutcome, StartRequest } from './engine.ts'
import type { ErrorRecord } from './errors.ts'
import type { TransactionSql } from './flow.ts'
import { childRunId } from './ids.ts'
import type { Checkpoint, FailedAttempt, Journal, LogLine } from './journal.ts'
import { pauseUntilWoken } from './pause.ts'
import type { RunControl } from './run-control.ts'

export interface MemoryRun {
  readonly request: StartRequest
  status: RunStatus
  result?: unknown
  error?: ErrorRecord
  flagged?: string
  generation: number
  readonly steps: Map<number, Checkpoint>
  readonly attempts: FailedAttempt[]
  readonly logs: Map<string, LogLine>
}

export interface Entry extends MemoryRun {
  control: RunControl
  signals: { signal: string; payload: unknown; takenBy?: number }[]
  waits: Map<number, number>
  wake: Set<() => void>
  failed: readonly number[]
  retried: boolean
}

type Transaction = <T>(run: (sql: TransactionSql) => Promise<T>) => Promise<T>

export interface MemoryPorts {
  runs: ReadonlyMap<string, Entry>
  start(request: StartRequest): Promise<unknown>
  cancel(runId: string): Promise<CancelOutcome>
  cache: Map<string, { value: unknown; expires: number }>
  /** Lends SQL; those with the same lock take turns. */
  locked: <T>(lock: string | undefined, run: (sql: TransactionSql) => Promise<T>) => Promise<T>
}

export const isOver = (entry: Entry) => ENDED.includes(entry.status)
export const childId = ({ request, generation }: Entry, step: number) =>
  childRunId(request.runId, generation, step)
export function wakeAll(entry: Entry): void {
  for (const wake of entry.wake) wake()
}

/** What all runs of one engine share. */
export function sharedBy(transaction: Transaction | undefined): Pick<MemoryPorts, 'cache' | 'locked'> {
  const turns = new Map<string, Promise<unknown>>()
  const lend: Transaction = (run) => {
    if (!transaction) throw new Error('This in-memory engine was given no `transaction`.')
    return transaction(run)
  }
  return {
    cache: new Map(),
    locked: async (lock, run) => {
      if (lock === undefined) return lend(run)
      const turn = (turns.get(lock) ?? Promise.resolve()).catch(() => {}).then(() => lend(run))
      turns.set(lock, turn)
      return turn
    },
  }
}

export function openMemoryJournal(
  entry: Entry,
  { runs, start, cancel, cache, locked }: MemoryPorts,
): Journal {
  return {
    resumed: entry.retried,
    recorded: (step) => entry.steps.get(step),
    lastFailedAttempt: (step) => entry.attempts.findLast((attempt) => attempt.step === step),
    record: async (step, checkpoint) => {
      entry.steps.set(step, checkpoint)
      return checkpoint
    },
    transaction: async (step, { lock }, body) => {
      const checkpoint = await locked(lock, body)
      entry.steps.set(step, checkpoint)
      return checkpoint
    },
    attemptFailed: async (attempt) => void entry.attempts.push(attempt),
    cached: async (key) => {
      const hit = cache.get(key)
      return hit && hit.expires > Date.now() ? { value: hit.value } : undefined
    },
    cache: async (key, value, seconds) =>
      void cache.set(key, { value, expires: Date.now() + seconds * 1000 }),
    openWait: async (step, _signal, seconds) => {
      const until = entry.waits.get(step) ?? Date.now() + seconds * 1000
      entry.waits.set(step, until)
      return until - Date.now()
    },
    takeSignal: async (step, signal) => takeSignal(entry, step, signal),
    signalled: (withinMs, stop) => pauseUntilWoken(entry.wake, withinMs, stop),
    childId: (step) => childId(entry, step),
    startChild: async (step, flow, parameters) => {
      const runId = childId(entry, step)
      await start({ runId, flow, parameters, parentRunId: entry.request.runId })
      return runId
    },
    childOutcome: async (runId, stop) => {
      const child = runs.get(runId) as Entry
      while (!isOver(child) && !stop.aborted) await pauseUntilWoken(child.wake, 60_000, stop)
      if (child.status === 'completed') return { value: child.result }
      return { error: child.error ?? { code: child.status, message: `It is ${child.status}.` } }
    },
    cancelChild: async (runId) => void (await cancel(runId)),
    flag: async (reason) => {
      entry.flagged = reason
    },
    log: (line) => void (entry.logs.has(line.key) || entry.logs.set(line.key, line)),
  }
}

function takeSignal(entry: Entry, step: number, signal: string): { payload: unknown } | undefined {
  const found = entry.signals.find(
    (s) => s.signal === signal && (s.takenBy === undefined || s.takenBy === step),
  )
  if (!found) return undefined
  found.takenBy = step
  return { payload: found.payload }
}
