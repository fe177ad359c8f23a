/**
 * The flow language run at once in this process: for unit tests of flows and as the second implementation that the
 * conformance suite holds against the durable one. Nothing survives the process.
 */

import type { CancelOutcome, Engine, RetryOutcome, SignalOutcome, StartRequest } from './engine.ts'
import { describeError, type ErrorRecord, FlowCancelled, failedSteps } from './errors.ts'
import { type AnyFlow, QUEUES, type TransactionSql } from './flow.ts'
import type { Checkpoint, FailedAttempt, Journal, LogLine } from './journal.ts'
import { pause, RunControl } from './run-control.ts'
import { runFlow } from './words.ts'

type Ended = 'completed' | 'failed' | 'cancelled'

export interface MemoryRun {
  readonly request: StartRequest
  status: 'scheduled' | 'pending' | 'running' | 'cancelling' | Ended
  result?: unknown
  error?: ErrorRecord
  flagged?: string
  generation: number
  readonly steps: Map<number, Checkpoint>
  readonly attempts: FailedAttempt[]
  readonly logs: Map<string, LogLine>
}

interface Entry extends MemoryRun {
  control: RunControl
  signals: { signal: string; payload: unknown; takenBy?: number }[]
  waits: Map<number, number>
  wake: Set<() => void>
  failed: readonly number[]
}

export interface InMemoryEngine extends Engine {
  /** The run as it is now. */
  run(runId: string): MemoryRun
  /** Resolves when the run has ended. */
  ended(runId: string): Promise<MemoryRun>
}

/** `transaction` lends transactional tasks their SQL: a real database's in a test that has one, or a fake. */
export function createInMemoryEngine<Deps>(options: {
  deps: Deps
  transaction?: <T>(run: (sql: TransactionSql) => Promise<T>) => Promise<T>
}): InMemoryEngine {
  const runs = new Map<string, Entry>()
  const cache = new Map<string, { value: unknown; expires: number }>()
  const waiting: Entry[] = []
  const locks = new Map<string, Promise<unknown>>()
  const queueOf = (entry: Entry) => entry.request.queue ?? (entry.request.flow as AnyFlow).queue ?? 'default'
  const isOver = (entry: Entry) => ['completed', 'failed', 'cancelled'].includes(entry.status)
  const wakeAll = (entry: Entry) => {
    for (const wake of entry.wake) wake()
  }

  function enqueue(entry: Entry): void {
    entry.status = 'pending'
    waiting.push(entry)
    waiting.sort((a, b) => (a.request.priority ?? 0) - (b.request.priority ?? 0))
    queueMicrotask(dispatch)
  }

  function dispatch(): void {
    for (const entry of [...waiting]) {
      const busy = [...runs.values()].filter((r) => queueOf(r) === queueOf(entry) && isRunning(r))
      if (busy.length >= QUEUES[queueOf(entry)].workerConcurrency) continue
      waiting.splice(waiting.indexOf(entry), 1)
      void execute(entry)
    }
  }

  async function execute(entry: Entry): Promise<void> {
    entry.status = 'running'
    const { flow, parameters, runId, eventId } = entry.request
    const { control, generation } = entry
    const scope = { runId, flowName: flow.name, eventId, generation, deps: options.deps, control }
    try {
      entry.result = await runFlow(flow, parameters, { ...scope, journal: journalOf(entry) })
      entry.status = 'completed'
    } catch (error) {
      entry.error = describeError(error)
      entry.failed = failedSteps(error)
      entry.status = error instanceof FlowCancelled ? 'cancelled' : 'failed'
    }
    wakeAll(entry)
    dispatch()
  }

  function journalOf(entry: Entry): Journal {
    return {
      recorded: (step) => entry.steps.get(step),
      lastFailedAttempt: (step) => entry.attempts.findLast((attempt) => attempt.step === step),
      record: async (step, checkpoint) => void entry.steps.set(step, checkpoint),
      transaction: async (step, lock, body) => {
        const run = async () => {
          if (!options.transaction) throw new Error('This in-memory engine was given no `transaction`.')
          const checkpoint = await options.transaction(body)
          entry.steps.set(step, checkpoint)
          return checkpoint
        }
        if (lock === undefined) return run()
        const turn = (locks.get(lock) ?? Promise.resolve()).then(run, run)
        locks.set(lock, turn)
        return turn
      },
      attemptFailed: async (attempt) => void entry.attempts.push(attempt),
      cached: async (key) => {
        const hit = cache.get(key)
        return hit && hit.expires > Date.now() ? { value: hit.value } : undefined
      },
      cache: async (key, value, seconds) =>
        void cache.set(key, { value, expires: Date.now() + seconds * 1000 }),
      openWait: async (step, _signal, until) => {
        if (!entry.waits.has(step)) entry.waits.set(step, until)
        return entry.waits.get(step) as number
      },
      takeSignal: async (step, signal) => {
        const found = entry.signals.find(
          (s) => s.signal === signal && (s.takenBy === undefined || s.takenBy === step),
        )
        if (!found) return undefined
        found.takenBy = step
        return { payload: found.payload }
      },
      signalled: (withinMs, stop) => wokenOr(entry, withinMs, stop),
      startChild: async (step, flow, parameters) => {
        const runId = childId(entry, step)
        await start({ runId, flow, parameters, parentRunId: entry.request.runId })
        return runId
      },
      childOutcome: async (runId, stop) => {
        const child = runs.get(runId) as Entry
        while (!isOver(child) && !stop.aborted) await wokenOr(child, 60_000, stop)
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

  async function start(request: StartRequest): Promise<{ runId: string; created: boolean }> {
    if (runs.has(request.runId)) return { runId: request.runId, created: false }
    const entry: Entry = {
      request,
      status: 'scheduled',
      generation: 0,
      steps: new Map(),
      attempts: [],
      logs: new Map(),
      control: new RunControl(),
      signals: [],
      waits: new Map(),
      wake: new Set(),
      failed: [],
    }
    runs.set(request.runId, entry)
    const delay = (request.scheduledFor?.getTime() ?? 0) - Date.now()
    if (delay > 0) void pause(delay, entry.control.signal).then(() => isOver(entry) || enqueue(entry))
    else enqueue(entry)
    return { runId: request.runId, created: true }
  }

  async function cancel(runId: string): Promise<CancelOutcome> {
    const entry = runs.get(runId)
    if (!entry) return { kind: 'not_found' }
    const previous = entry.status
    if (isOver(entry)) return { kind: 'already_ended', status: previous }
    const begun = entry.status === 'running' || entry.status === 'cancelling'
    entry.status = begun ? 'cancelling' : 'cancelled'
    if (!begun && waiting.includes(entry)) waiting.splice(waiting.indexOf(entry), 1)
    entry.control.cancel()
    wakeAll(entry)
    return { kind: begun ? 'cancelling' : 'cancelled', previous, at: new Date() }
  }

  async function retry(runId: string): Promise<RetryOutcome> {
    const entry = runs.get(runId)
    if (!entry) return { kind: 'not_found' }
    if (entry.status !== 'failed' && entry.status !== 'cancelled') {
      return { kind: 'not_failed', status: entry.status }
    }
    for (const step of entry.failed) {
      if (entry.steps.get(step)?.kind === 'child') await retry(childId(entry, step))
    }
    const from = rewind(entry)
    entry.control = new RunControl()
    delete entry.error
    enqueue(entry)
    return { kind: 'retrying', from }
  }

  async function signal(runId: string, name: string, payload: unknown): Promise<SignalOutcome> {
    const entry = runs.get(runId)
    if (!entry) return { kind: 'not_found' }
    if (isOver(entry)) return { kind: 'already_ended', status: entry.status }
    entry.signals.push({ signal: name, payload })
    wakeAll(entry)
    return { kind: 'delivered' }
  }

  const known = (runId: string): Entry => {
    const entry = runs.get(runId)
    if (!entry) throw new Error(`No run ${runId}.`)
    return entry
  }
  return {
    start,
    cancel,
    retry,
    signal,
    run: known,
    ended: async (runId) => {
      const entry = known(runId)
      while (!isOver(entry)) await wokenOr(entry, 60_000, new AbortController().signal)
      return entry
    },
  }
}

const childId = (entry: Entry, step: number) => `${entry.request.runId}.${entry.generation}.${step}`
const isRunning = (entry: Entry) => entry.status === 'running' || entry.status === 'cancelling'

async function wokenOr(entry: Entry, withinMs: number, stop: AbortSignal): Promise<void> {
  const woken = new AbortController()
  const wake = () => woken.abort()
  entry.wake.add(wake)
  await pause(withinMs, AbortSignal.any([woken.signal, stop]))
  entry.wake.delete(wake)
}

/** Forgets the steps that failed, so that they are done again; where none did, or acts were undone, all of them. */
function rewind(entry: Entry): string | undefined {
  const undone = [...entry.steps.values()].some((step) => step.kind === 'undo')
  const again = undone ? [] : entry.failed
  const from = entry.steps.get(again[0] ?? -1)?.name
  if (again.length === 0) entry.generation += 1
  for (const number of again.length === 0 ? [...entry.steps.keys()] : again) {
    entry.steps.delete(number)
    entry.waits.delete(number)
    const last = entry.attempts.findLast((attempt) => attempt.step === number)
    if (last) Object.assign(last, { nextAttemptAt: Date.now(), granted: last.attempt })
  }
  return from
}
