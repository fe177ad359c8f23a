/**
 * The flow language run at once in this process: for unit tests of flows and as the second implementation that the
 * conformance suite holds against the durable one. Nothing survives the process.
 */

import { RETRYABLE } from '../contract/run.ts'
import type { CancelOutcome, Engine, RetryOutcome, SignalOutcome, StartRequest } from './engine.ts'
import { describeError, FlowCancelled, failedSteps } from './errors.ts'
import { QUEUES, queueOf, type TransactionSql } from './flow.ts'
import {
  childId,
  type Entry,
  isOver,
  type MemoryPorts,
  type MemoryRun,
  openMemoryJournal,
  sharedBy,
  wakeAll,
} from './in-memory-journal.ts'
import { pause, pauseUntilWoken } from './pause.ts'
import { RunControl } from './run-control.ts'
import { runFlow } from './words.ts'

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
  const waiting: Entry[] = []
  const ports: MemoryPorts = {
    runs,
    start: (request) => start(request),
    cancel: (id) => cancel(id),
    ...sharedBy(options.transaction),
  }
  const queueIn = (entry: Entry) => queueOf(entry.request.flow)

  function enqueue(entry: Entry): void {
    entry.status = 'pending'
    waiting.push(entry)
    waiting.sort((a, b) => (a.request.priority ?? 0) - (b.request.priority ?? 0))
    queueMicrotask(dispatch)
  }

  function dispatch(): void {
    for (const entry of [...waiting]) {
      const busy = [...runs.values()].filter((r) => queueIn(r) === queueIn(entry) && isRunning(r))
      if (busy.length >= QUEUES[queueIn(entry)].workerConcurrency) continue
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
      entry.result = await runFlow(flow, parameters, { ...scope, journal: openMemoryJournal(entry, ports) })
      entry.status = 'completed'
    } catch (error) {
      entry.error = describeError(error)
      entry.failed = failedSteps(error)
      entry.status = error instanceof FlowCancelled ? 'cancelled' : 'failed'
    }
    wakeAll(entry)
    dispatch()
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
    if (!RETRYABLE.includes(entry.status)) {
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
      while (!isOver(entry)) await pauseUntilWoken(entry.wake, 60_000, new AbortController().signal)
      return entry
    },
  }
}

const isRunning = (entry: Entry) => entry.status === 'running' || entry.status === 'cancelling'

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
