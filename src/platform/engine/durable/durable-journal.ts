/** The journal of a durable run: every word it records is a row, fenced by the run's ownership token. */
import type { Database } from '../../postgres/pool.ts'
import type { Engine } from '../engine.ts'
import type { AnyFlow } from '../flow.ts'
import { childRunId, generationAt } from '../ids.ts'
import { type Checkpoint, type Journal, type LogLine, OwnershipLost } from '../journal.ts'
import type { RunControl } from '../run-control.ts'
import { insertCheckpoint, type RunMemory } from './checkpoints.ts'
import {
  childOutcome,
  closeWait,
  keepAttempt,
  openWait,
  readCache,
  takeSignal,
  writeCache,
} from './journal-rows.ts'
import { patiently } from './patience.ts'
import { NEW_RUN } from './start-runs.ts'
import { commitStep, type Owned, recordedByUs } from './transactions.ts'

export interface DurableRun extends Owned {
  readonly memory: RunMemory
  readonly control: RunControl
}

export interface JournalPorts {
  readonly database: Database
  readonly engine: Engine
  readonly log: (runId: string, line: LogLine) => void
  /** Resolves when something happened to this run (a signal, a cancel), or after `withinMs`, or on `stop`. */
  readonly woken: (withinMs: number, stop: AbortSignal) => Promise<void>
  /** Resolves when that run has ended in this process, or after `withinMs`, or on `stop`. */
  readonly childEnded: (runId: string, withinMs: number, stop: AbortSignal) => Promise<void>
}

export function openJournal(run: DurableRun, ports: JournalPorts): Journal {
  const { database } = ports
  const { memory, control } = run
  const patient = <T>(act: () => Promise<T>) => patiently(control, act)
  const childIds = new Map<number, string>()
  const childId = (step: number) => {
    const id = childRunId(run.id, generationAt(memory, step), step)
    childIds.set(step, id)
    return id
  }

  async function record(step: number, checkpoint: Checkpoint): Promise<Checkpoint> {
    if (await insertCheckpoint(database, run, step, checkpoint, childIds.get(step))) return checkpoint
    // Still ours: recorded by the very attempt whose answer was lost. Else another worker has the run.
    const known = await recordedByUs(database, run, step)
    if (!known) throw new OwnershipLost()
    return known
  }

  return {
    resumed: memory.resumed,
    recorded: (step) => memory.steps.get(step),
    lastFailedAttempt: (step) => memory.attempts.findLast((attempt) => attempt.step === step),
    async record(step, checkpoint) {
      const stands = await patient(() => record(step, checkpoint))
      if (checkpoint.kind === 'wait') await patient(() => closeWait(database, run.id, step))
      return stands
    },
    transaction: (step, { lock, cancellable }, body) =>
      patiently(control, () => commitStep(database, run, step, lock, body), { untilCancelled: cancellable }),
    attemptFailed: (attempt) => patient(() => keepAttempt(database, run, attempt)),
    cached: (key) => patient(() => readCache(database, key)),
    cache: (key, value, seconds) => patient(() => writeCache(database, key, value, seconds)),
    openWait: (step, signal, seconds) => patient(() => openWait(database, run.id, step, signal, seconds)),
    takeSignal: (step, signal) => patient(() => takeSignal(database, run.id, step, signal)),
    signalled: ports.woken,
    childId,
    async startChild(step, flow: AnyFlow, parameters, awaited) {
      const runId = childId(step)
      const eventId = memory.eventId
      const about = {
        parentRunId: run.id,
        ...(eventId ? { eventId } : {}),
        ...(awaited ? {} : { priority: NEW_RUN }),
      }
      await patient(() => ports.engine.start({ runId, flow, parameters, ...about }))
      return runId
    },
    childOutcome: (runId, stop) =>
      childOutcome(database, control, runId, stop, (withinMs) => ports.childEnded(runId, withinMs, stop)),
    cancelChild: async (runId) => void (await patient(() => ports.engine.cancel(runId))),
    flag: (reason) =>
      patient(async () => {
        await database.query('update prefect.flow_runs set flagged = $2 where id = $1', [run.id, reason])
      }),
    log: (line) => ports.log(run.id, line),
  }
}
