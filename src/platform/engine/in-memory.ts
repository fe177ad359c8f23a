/**
 * The flow language run at once in this process: for unit tests of flows and as the second implementation that the
 * conformance suite holds against the durable one. Nothing survives the process.
 */

import { UNSUCCESSFUL } from '../contract/run.ts'
import type { CancelOutcome, Engine, RetryOutcome, SignalOutcome, StartRequest } from './engine.ts'
import { describeError, FlowCancelled, failedSteps } from './errors.ts'
import { MOST_IN_HAND, QUEUES, queueOf, type TransactionSql } from './flow.ts'
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

type Transaction = <T>(run: (sql: TransactionSql) => Promise<T>) => Promise<T>

export class InMemoryEngine<Deps> implements Engine {
  readonly #deps: Deps
  readonly #now: (() => Date) | undefined
  readonly #runs = new Map<string, Entry>()
  readonly #waiting: Entry[] = []
  readonly #ports: MemoryPorts

  /** `transaction` lends transactional tasks their SQL: a real database's in a test that has one, or a fake. */
  constructor(options: { deps: Deps; transaction?: Transaction; now?: () => Date }) {
    this.#deps = options.deps
    this.#now = options.now
    this.#ports = {
      runs: this.#runs,
      start: (request) => this.start(request),
      cancel: (runId) => this.cancel(runId),
      ...sharedBy(options.transaction),
    }
  }

  /** The run as it is now. */
  run(runId: string): MemoryRun {
    const entry = this.#runs.get(runId)
    if (!entry) throw new Error(`No run ${runId}.`)
    return entry
  }

  /** Resolves when the run has ended. */
  async ended(runId: string): Promise<MemoryRun> {
    const entry = this.run(runId) as Entry
    while (!isOver(entry)) await pauseUntilWoken(entry.wake, 60_000, new AbortController().signal)
    return entry
  }

  async start(request: StartRequest): Promise<{ runId: string; created: boolean }> {
    const { runId, scheduledFor } = request
    if (this.#runs.has(runId)) return { runId, created: false }
    const entry = newEntry(request)
    this.#runs.set(runId, entry)
    const delay = (scheduledFor?.getTime() ?? 0) - Date.now()
    if (delay > 0) void pause(delay, entry.control.signal).then(() => isOver(entry) || this.#enqueue(entry))
    else this.#enqueue(entry)
    return { runId, created: true }
  }

  async cancel(runId: string): Promise<CancelOutcome> {
    const entry = this.#runs.get(runId)
    if (!entry) return { kind: 'not_found' }
    const previous = entry.status
    if (isOver(entry)) return { kind: 'already_ended', status: previous }
    const begun = isRunning(entry)
    entry.status = begun ? 'cancelling' : 'cancelled'
    if (this.#waiting.includes(entry)) this.#waiting.splice(this.#waiting.indexOf(entry), 1)
    entry.control.cancel()
    wakeAll(entry)
    return { kind: begun ? 'cancelling' : 'cancelled', previous, at: new Date() }
  }

  async retry(runId: string): Promise<RetryOutcome> {
    const entry = this.#runs.get(runId)
    if (!entry) return { kind: 'not_found' }
    if (!UNSUCCESSFUL.includes(entry.status)) return { kind: 'not_failed', status: entry.status }
    const reason = this.#flaggedBelow(entry)
    if (reason) return { kind: 'flagged', reason }
    for (const step of wasUndone(entry) ? [] : entry.failed) {
      if (entry.steps.get(step)?.kind === 'child') await this.retry(childId(entry, step))
    }
    const from = rewind(entry)
    entry.retried = true
    entry.control = new RunControl()
    delete entry.error
    this.#enqueue(entry)
    return { kind: 'retrying', from }
  }

  async signal(runId: string, signal: string, payload: unknown): Promise<SignalOutcome> {
    const entry = this.#runs.get(runId)
    if (!entry) return { kind: 'not_found' }
    if (isOver(entry)) return { kind: 'already_ended', status: entry.status }
    entry.signals.push({ signal, payload })
    wakeAll(entry)
    return { kind: 'delivered' }
  }

  #flaggedBelow(entry: Entry): string | undefined {
    if (entry.flagged) return entry.flagged
    const children = [...this.#runs.values()].filter((r) => r.request.parentRunId === entry.request.runId)
    return children.map((child) => this.#flaggedBelow(child)).find((reason) => reason !== undefined)
  }

  #enqueue(entry: Entry): void {
    entry.status = 'pending'
    this.#waiting.push(entry)
    this.#waiting.sort((a, b) => (a.request.priority ?? 0) - (b.request.priority ?? 0))
    queueMicrotask(() => this.#dispatch())
  }

  #dispatch(): void {
    for (const entry of [...this.#waiting]) {
      const queue = queueOf(entry.request.flow)
      const busy = [...this.#runs.values()].filter((r) => queueOf(r.request.flow) === queue && isRunning(r))
      const taken = busy.filter((r) => r.control.holdsSlot).length
      if (taken >= QUEUES[queue].workerConcurrency || busy.length >= MOST_IN_HAND) continue
      this.#waiting.splice(this.#waiting.indexOf(entry), 1)
      void this.#execute(entry)
    }
  }

  async #execute(entry: Entry): Promise<void> {
    entry.status = 'running'
    const { flow, parameters, runId, eventId } = entry.request
    const { control, generation } = entry
    control.onSlotFree = () => queueMicrotask(() => this.#dispatch())
    const generationAt = () => generation
    const scope = { runId, flowName: flow.name, eventId, generationAt, deps: this.#deps, control }
    try {
      entry.result = await runFlow(flow, parameters, {
        ...scope,
        now: this.#now,
        journal: openMemoryJournal(entry, this.#ports),
      })
      entry.status = 'completed'
    } catch (error) {
      entry.error = describeError(error)
      entry.failed = failedSteps(error)
      entry.status = error instanceof FlowCancelled ? 'cancelled' : 'failed'
    }
    wakeAll(entry)
    this.#dispatch()
  }
}

const isRunning = (entry: Entry) => entry.status === 'running' || entry.status === 'cancelling'

function newEntry(request: StartRequest): Entry {
  return {
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
    retried: false,
  }
}

const wasUndone = (entry: Entry) => [...entry.steps.values()].some((step) => step.kind === 'undo')

/** Forgets the steps that failed, so that they are done again; where none did, or acts were undone, all of them. */
function rewind(entry: Entry): string | undefined {
  const again = wasUndone(entry) ? [] : entry.failed
  const from = entry.steps.get(again[0] ?? -1)?.name
  if (again.length === 0) entry.generation += 1
  for (const number of again.length === 0 ? [...entry.steps.keys()] : again) {
    entry.steps.delete(number)
    entry.waits.delete(number)
    const last = entry.attempts.findLast((attempt) => attempt.step === number)
    if (last) Object.assign(last, { nextAttemptAt: Date.now(), attemptsBeforeRetry: last.attempt })
  }
  return from
}
