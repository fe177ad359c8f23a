/** The rows a journal reads and writes beside its checkpoints: attempts, cache, waits, signals, children. */
import { type RunStatus, UNSUCCESSFUL } from '../../contract/run.ts'
import type { Database } from '../../postgres/pool.ts'
import type { Sql } from '../../postgres/sql.ts'
import type { ErrorRecord } from '../errors.ts'
import type { FailedAttempt } from '../journal.ts'
import type { RunControl } from '../run-control.ts'
import { patiently } from './patience.ts'
import type { Owned } from './transactions.ts'

/**
 * Only while this execution owns the run: what a frozen one tried counts for nothing. When the next attempt is due goes by
 * the database's clock: another worker may make it.
 */
export async function keepAttempt(sql: Sql, run: Owned, attempt: FailedAttempt): Promise<void> {
  const { step, taskName, startedAt, endedAt, error, nextAttemptAt, attemptsBeforeRetry } = attempt
  const nextInSeconds = nextAttemptAt === undefined ? null : (nextAttemptAt - Date.now()) / 1_000
  await sql.query(
    `insert into prefect.task_attempts (run_id, step, attempt, task_name, started_at, ended_at, error,
                                        next_attempt_at, granted)
     select $1, $2, $3, $4, $5, $6, $7, clock_timestamp() + make_interval(secs => $8), $9 from dbos.workflow_status
     where workflow_uuid = $1 and owner_xid = $10 on conflict do nothing`,
    [
      run.id,
      step,
      attempt.attempt,
      taskName,
      new Date(startedAt),
      new Date(endedAt),
      JSON.stringify(error),
      nextInSeconds,
      attemptsBeforeRetry,
      run.owner,
    ],
  )
}

export async function readCache(sql: Sql, key: string): Promise<{ value: unknown } | undefined> {
  const text = 'select value from prefect.task_cache where key = $1 and expires_at > now()'
  return (await sql.query<{ value: unknown }>(text, [key]))[0]
}

export async function writeCache(sql: Sql, key: string, value: unknown, seconds: number): Promise<void> {
  await sql.query(
    `insert into prefect.task_cache (key, value, expires_at) values ($1, $2, now() + make_interval(secs => $3))
     on conflict (key) do update set value = excluded.value, expires_at = excluded.expires_at`,
    [key, JSON.stringify(value), seconds],
  )
}

/** On the database's clock: the same deadline whoever waits. Returns the milliseconds that are left. */
export async function openWait(
  sql: Sql,
  runId: string,
  step: number,
  signal: string | undefined,
  seconds: number,
): Promise<number> {
  const [row] = await sql.query<{ left: number }>(
    `insert into prefect.run_waits (run_id, step, signal, until)
     values ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
     on conflict (run_id, step) do update set run_id = excluded.run_id
     returning (extract(epoch from until - clock_timestamp()) * 1000)::float8 as left`,
    [runId, step, signal ?? null, seconds],
  )
  return row?.left ?? seconds * 1000
}

export async function closeWait(sql: Sql, runId: string, step: number): Promise<void> {
  await sql.query(
    'update prefect.run_waits set closed_at = clock_timestamp() where run_id = $1 and step = $2',
    [runId, step],
  )
}

/** Taken by step, so that a resumed step finds what it took before it could record it. */
export async function takeSignal(sql: Sql, runId: string, step: number, signal: string) {
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

/** Waits for a child: notified when it ends in this process, else by looking, often at first, then every second. */
export async function childOutcome(
  database: Database,
  control: RunControl,
  runId: string,
  stop: AbortSignal,
  ended: (withinMs: number) => Promise<void>,
): Promise<{ value: unknown } | { error: ErrorRecord }> {
  for (let wait = 50; ; wait = Math.min(wait * 2, 1_000)) {
    await ended(wait)
    const [child] = await patiently(control, () =>
      database.query<ChildRow>(
        `select s.status, o.output, o.error from prefect.flow_run_states s
         left join dbos.workflow_output o on o.workflow_uuid = s.id where s.id = $1`,
        [runId],
      ),
    )
    if (child?.status === 'completed') return { value: JSON.parse(child.output ?? 'null') }
    if (child && UNSUCCESSFUL.includes(child.status)) {
      const error = JSON.parse(child.error ?? '{}') as Partial<ErrorRecord>
      return {
        error: { code: error.code ?? child.status, message: error.message ?? `It is ${child.status}.` },
      }
    }
    if (stop.aborted) return { error: { code: 'cancelled', message: 'Its parent was cancelled.' } }
  }
}
