/** The journal of a durable run: every word it records is a row, fenced by the run's ownership token. */
import { createHash } from 'node:crypto'
import type { PoolClient } from 'pg'
import { RETRYABLE, type RunStatus } from '../../contract/run.ts'
import type { Database } from '../../db/pool.ts'
import type { Sql } from '../../db/sql.ts'
import type { Engine } from '../engine.ts'
import type { ErrorRecord } from '../errors.ts'
import type { AnyFlow, TransactionSql } from '../flow.ts'
import { runIdFor } from '../ids.ts'
import { type Checkpoint, type Journal, type LogLine, OwnershipLost } from '../journal.ts'
import { pause } from '../pause.ts'
import type { RunControl } from '../run-control.ts'
import { insertCheckpoint, loadCheckpoint, type RunMemory } from './checkpoints.ts'
import { patiently } from './patience.ts'

export interface DurableRun {
  readonly id: string
  /** Written by the claim that started this execution; whoever claims next writes another. */
  readonly owner: string
  readonly memory: RunMemory
  readonly control: RunControl
}

export interface JournalPorts {
  readonly database: Database
  readonly engine: Engine
  readonly log: (runId: string, line: LogLine) => void
  /** Resolves when something happened to this run (a signal, a cancel), or after `withinMs`, or on `stop`. */
  readonly woken: (withinMs: number, stop: AbortSignal) => Promise<void>
}

export function openJournal(run: DurableRun, ports: JournalPorts): Journal {
  const { database } = ports
  const { memory, control } = run
  const patient = <T>(act: () => Promise<T>) => patiently(control, act)
  const childIds = new Map<number, string>()

  async function record(sql: Sql, step: number, checkpoint: Checkpoint): Promise<void> {
    if (await insertCheckpoint(sql, run, step, checkpoint, childIds.get(step))) return
    // Still ours: recorded by the very attempt whose answer was lost. Else another worker has the run.
    if (!(await recordedByUs(sql, run, step))) throw new OwnershipLost()
  }

  return {
    recorded: (step) => memory.steps.get(step),
    lastFailedAttempt: (step) => memory.attempts.findLast((attempt) => attempt.step === step),
    async record(step, checkpoint) {
      await patient(() => record(database, step, checkpoint))
      if (checkpoint.kind === 'wait') await patient(() => closeWait(database, run.id, step))
    },
    async transaction(step, lock, body) {
      let tried = false
      return patient(async () => {
        // After an outage the commit may stand although its answer was lost.
        const known = tried ? await recordedByUs(database, run, step) : undefined
        tried = true
        return known ?? (await unconflicted(() => transact(database, run, step, lock, body)))
      })
    },
    attemptFailed: (attempt) => patient(() => keepAttempt(database, run.id, attempt)),
    cached: (key) => patient(() => readCache(database, key)),
    cache: (key, value, seconds) => patient(() => writeCache(database, key, value, seconds)),
    openWait: (step, signal, until) => patient(() => openWait(database, run.id, step, signal, until)),
    takeSignal: (step, signal) => patient(() => takeSignal(database, run.id, step, signal)),
    signalled: (withinMs, stop) => ports.woken(Math.min(withinMs, 5_000), stop),
    async startChild(step, flow: AnyFlow, parameters) {
      const runId = runIdFor('child', run.id, String(memory.generation), String(step))
      childIds.set(step, runId)
      const eventId = memory.eventId
      const request = { runId, flow, parameters, parentRunId: run.id, ...(eventId ? { eventId } : {}) }
      await patient(() => ports.engine.start(request))
      return runId
    },
    childOutcome: (runId, stop) => childOutcome(database, control, runId, stop),
    cancelChild: async (runId) => void (await patient(() => ports.engine.cancel(runId))),
    flag: (reason) =>
      patient(async () => {
        await database.query('update prefect.flow_runs set flagged = $2 where id = $1', [run.id, reason])
      }),
    log: (line) => ports.log(run.id, line),
  }
}

/** Business rows and checkpoint in one commit. An optimistic one: a second execution fails at the checkpoint. */
async function transact(
  database: Database,
  run: DurableRun,
  step: number,
  lock: string | undefined,
  body: (sql: TransactionSql) => Promise<Checkpoint>,
): Promise<Checkpoint> {
  const client = await database.pool.connect()
  let broken: Error | undefined
  try {
    // One round trip: the lock is taken before the first statement that reads.
    await client.query(lock === undefined ? 'begin' : `begin; select pg_advisory_xact_lock(${lockKey(lock)})`)
    const checkpoint = await body(sqlOf(client))
    if (await insertCheckpoint(sqlOf(client), run, step, checkpoint)) {
      await client.query('commit')
      return checkpoint
    }
    throw new OwnershipLost()
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
      broken = failure
    })
    throw error
  } finally {
    client.release(broken)
  }
}

async function recordedByUs(sql: Sql, run: DurableRun, step: number): Promise<Checkpoint | undefined> {
  const owned = await sql.query(
    'select 1 from dbos.workflow_status where workflow_uuid = $1 and owner_xid = $2',
    [run.id, run.owner],
  )
  return owned.length === 1 ? loadCheckpoint(sql, run.id, step) : undefined
}

/** A deadlock or a serialization failure says nothing about the task: again, at once, a few times. */
async function unconflicted<T>(act: () => Promise<T>): Promise<T> {
  for (let left = 4; ; left--) {
    try {
      return await act()
    } catch (error) {
      const code = (error as { code?: unknown }).code
      if (left === 0 || (code !== '40001' && code !== '40P01')) throw error
    }
  }
}

function sqlOf(client: PoolClient): Sql {
  return {
    query: async <Row extends object>(text: string, values?: readonly unknown[]) =>
      (await client.query(text, values as unknown[])).rows as Row[],
  }
}

/** A signed 64-bit number, the same in every process. */
function lockKey(name: string): bigint {
  return createHash('sha256').update(name).digest().readBigInt64BE()
}

async function keepAttempt(sql: Sql, runId: string, attempt: Parameters<Journal['attemptFailed']>[0]) {
  const { step, taskName, startedAt, endedAt, error, nextAttemptAt, granted } = attempt
  const next = nextAttemptAt === undefined ? null : new Date(nextAttemptAt)
  await sql.query(
    `insert into prefect.task_attempts (run_id, step, attempt, task_name, started_at, ended_at, error,
                                        next_attempt_at, granted)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
    [
      runId,
      step,
      attempt.attempt,
      taskName,
      new Date(startedAt),
      new Date(endedAt),
      JSON.stringify(error),
      next,
      granted,
    ],
  )
}

async function readCache(sql: Sql, key: string): Promise<{ value: unknown } | undefined> {
  const text = 'select value from prefect.task_cache where key = $1 and expires_at > now()'
  return (await sql.query<{ value: unknown }>(text, [key]))[0]
}

async function writeCache(sql: Sql, key: string, value: unknown, seconds: number): Promise<void> {
  await sql.query(
    `insert into prefect.task_cache (key, value, expires_at) values ($1, $2, now() + make_interval(secs => $3))
     on conflict (key) do update set value = excluded.value, expires_at = excluded.expires_at`,
    [key, JSON.stringify(value), seconds],
  )
}

async function openWait(sql: Sql, runId: string, step: number, signal: string | undefined, until: number) {
  const rows = await sql.query<{ until: Date }>(
    `insert into prefect.run_waits (run_id, step, signal, until) values ($1, $2, $3, $4)
     on conflict (run_id, step) do update set run_id = excluded.run_id returning until`,
    [runId, step, signal ?? null, new Date(until)],
  )
  return rows[0]?.until.getTime() ?? until
}

async function closeWait(sql: Sql, runId: string, step: number): Promise<void> {
  await sql.query(
    'update prefect.run_waits set closed_at = clock_timestamp() where run_id = $1 and step = $2',
    [runId, step],
  )
}

/** Taken by step, so that a resumed step finds what it took before it could record it. */
async function takeSignal(sql: Sql, runId: string, step: number, signal: string) {
  const rows = await sql.query<{ payload: unknown }>(
    `update prefect.run_signals set taken_by = $3
     where id = (select id from prefect.run_signals where run_id = $1 and signal = $2
                   and (taken_by is null or taken_by = $3) order by taken_by nulls last, id limit 1)
     returning payload`,
    [runId, signal, step],
  )
  return rows[0]
}

interface ChildRow {
  status: RunStatus
  output: string | null
  error: string | null
}

/** Waits for a child by looking: often at first, then every second. */
async function childOutcome(
  database: Database,
  control: RunControl,
  runId: string,
  stop: AbortSignal,
): Promise<{ value: unknown } | { error: ErrorRecord }> {
  for (let wait = 50; ; wait = Math.min(wait * 2, 1_000)) {
    const [child] = await patiently(control, () =>
      database.query<ChildRow>(
        `select s.status, o.output, o.error from prefect.flow_run_states s
         left join dbos.workflow_output o on o.workflow_uuid = s.id where s.id = $1`,
        [runId],
      ),
    )
    if (child?.status === 'completed') return { value: JSON.parse(child.output ?? 'null') }
    if (child && RETRYABLE.includes(child.status)) {
      const error = JSON.parse(child.error ?? '{}') as Partial<ErrorRecord>
      return {
        error: { code: error.code ?? child.status, message: error.message ?? `It is ${child.status}.` },
      }
    }
    if (stop.aborted) return { error: { code: 'cancelled', message: 'Its parent was cancelled.' } }
    await pause(wait, stop)
  }
}
