/** The Engine port over the database alone: any process may ask, whether it runs flows or not. */
import { ENDED, type RunStatus, UNSUCCESSFUL } from '../../contract/run.ts'
import { currentTraceparent } from '../../observability/spans.ts'
import type { Database } from '../../postgres/pool.ts'
import type { Sql } from '../../postgres/sql.ts'
import type { CancelOutcome, Engine, RetryOutcome, SignalOutcome } from '../engine.ts'
import { queueOf } from '../flow.ts'
import { COUNT_RESET, NOW_MS, WAKE_CHANNEL } from './identity.ts'
import { releaseReserved, startRuns } from './start-runs.ts'
import { resumeParentOf, resumeRun } from './suspension.ts'

interface RunRow {
  status: RunStatus
  begun: boolean
}

/** `wake` is called for new work in a queue: the worker in this process, if there is one, is quicker than a NOTIFY. */
export function createDurableEngine(database: Database, wake: (queue: string) => void): Engine {
  return {
    async start(asked) {
      const request = { traceparent: currentTraceparent(), ...asked }
      const released = request.parentRunId && (await releaseReserved(database, request))
      if (released) {
        wake(released)
        return { runId: request.runId, created: true }
      }
      const created = (await startRuns(database, [request])).has(request.runId)
      if (created) wake(queueOf(request.flow))
      return { runId: request.runId, created }
    },
    cancel: (runId) => database.transaction((sql) => cancel(sql, runId)),
    async retry(runId) {
      const outcome = await database.transaction((sql) => retry(sql, runId))
      if (outcome.kind === 'retrying') wake('*')
      return outcome
    },
    signal: (runId, name, payload) => database.transaction((sql) => signal(sql, runId, name, payload)),
  }
}

/** The same inside a transaction of the caller's, who wakes the workers when that is committed. */
export const engineActs = { signal, retry }

/** Locks the run's row: its worker records nothing while we decide. */
async function lockRun(sql: Sql, runId: string): Promise<RunRow | undefined> {
  await sql.query('select 1 from dbos.workflow_status where workflow_uuid = $1 for no key update', [runId])
  const [row] = await sql.query<RunRow>(
    `select v.status, v.engine_status = 'PENDING' or r.begun_at is not null as begun
     from prefect.flow_run_states v join prefect.flow_runs r on r.id = v.id where v.id = $1`,
    [runId],
  )
  return row
}

async function cancel(sql: Sql, runId: string): Promise<CancelOutcome> {
  const run = await lockRun(sql, runId)
  if (!run) return { kind: 'not_found' }
  const previous = run.status
  if (ENDED.includes(previous)) return { kind: 'already_ended', status: previous }
  const [asked] = await sql.query<{ at: Date }>(
    `update prefect.flow_runs set cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp())
     where id = $1 returning cancel_requested_at as at`,
    [runId],
  )
  const at = asked?.at ?? new Date()
  // What never began has nothing to undo and ends here; what began ends itself, after undoing what it did.
  if (!run.begun) {
    await endUnbegun(sql, runId)
    return { kind: 'cancelled', previous, at }
  }
  await resumeRun(sql, runId)
  await notify(sql, 'cancel', runId)
  return { kind: 'cancelling', previous, at }
}

async function endUnbegun(sql: Sql, runId: string): Promise<void> {
  await sql.query(
    `update dbos.workflow_status
     set status = 'CANCELLED', updated_at = ${NOW_MS}, completed_at = ${NOW_MS} where workflow_uuid = $1`,
    [runId],
  )
  await resumeParentOf(sql, runId)
}

async function signal(sql: Sql, runId: string, name: string, payload: unknown): Promise<SignalOutcome> {
  const run = await lockRun(sql, runId)
  if (!run) return { kind: 'not_found' }
  if (ENDED.includes(run.status)) return { kind: 'already_ended', status: run.status }
  await sql.query('insert into prefect.run_signals (run_id, signal, payload) values ($1, $2, $3)', [
    runId,
    name,
    JSON.stringify(payload ?? null),
  ])
  await resumeRun(sql, runId)
  await notify(sql, 'run', runId)
  return { kind: 'delivered' }
}

async function retry(sql: Sql, runId: string): Promise<RetryOutcome> {
  const run = await lockRun(sql, runId)
  if (!run) return { kind: 'not_found' }
  if (!UNSUCCESSFUL.includes(run.status)) {
    return { kind: 'not_failed', status: run.status }
  }
  const reason = await flaggedBelow(sql, runId)
  if (reason) return { kind: 'flagged', reason }
  const again = await stepsToRepeat(sql, runId, run.status)
  for (const child of again.fromTheTop ? [] : again.children) await retry(sql, child)
  const from = await forgetSteps(sql, runId, again.steps)
  await sql.query(
    `update prefect.flow_runs set cancel_requested_at = null, deaths = null, generation = generation + $2 where id = $1`,
    [runId, again.fromTheTop ? 1 : 0],
  )
  await sql.query('delete from dbos.workflow_output where workflow_uuid = $1', [runId])
  await sql.query(
    `update dbos.workflow_status s
     set status = 'ENQUEUED', owner_xid = null, queue_name = r.queue, ${COUNT_RESET}, completed_at = null,
         started_at_epoch_ms = null, delay_until_epoch_ms = null,
         updated_at = ${NOW_MS}
     from prefect.flow_runs r where s.workflow_uuid = $1 and r.id = $1`,
    [runId],
  )
  return { kind: 'retrying', from }
}

/** Why a person must look first: an undo that failed in the run, or in a child of any depth. */
async function flaggedBelow(sql: Sql, runId: string): Promise<string | undefined> {
  const [row] = await sql.query<{ flagged: string }>(
    `with recursive family as (
       select id, flagged from prefect.flow_runs where id = $1
       union all
       select r.id, r.flagged from prefect.flow_runs r join family f on r.parent_run_id = f.id)
     select flagged from family where flagged is not null limit 1`,
    [runId],
  )
  return row?.flagged
}

/**
 * The steps that failed (the run's error names them). All steps when none did, or when acts were undone: what was
 * taken back must be done anew. None for a crashed run: it goes on where it stopped.
 */
async function stepsToRepeat(sql: Sql, runId: string, status: string) {
  const [row] = await sql.query<{ steps: number[] | null; all_steps: number[]; undone: boolean }>(
    `select (select array(select json_array_elements_text(o.error::json -> 'data' -> 'steps')::int)
             from dbos.workflow_output o where o.workflow_uuid = $1 and o.error is not null) as steps,
            array(select function_id from dbos.operation_outputs where workflow_uuid = $1) as all_steps,
            exists (select from dbos.operation_outputs where workflow_uuid = $1
                    and output::json ->> 'k' = 'undo') as undone`,
    [runId],
  )
  const cancelled = await sql.query<{ function_id: number }>(
    `select function_id from dbos.operation_outputs
     where workflow_uuid = $1 and error::json ->> 'code' = 'cancelled'`,
    [runId],
  )
  const named = status === 'cancelled' ? cancelled.map((step) => step.function_id) : (row?.steps ?? [])
  // A crashed run has no outcome to take back: it goes on, in the middle of its undos too.
  const fromTheTop =
    status !== 'crashed' && (row?.undone === true || (status === 'failed' && named.length === 0))
  const steps = fromTheTop ? (row?.all_steps ?? []) : named
  const children = await sql.query<{ id: string }>(
    `select child_workflow_id as id from dbos.operation_outputs
     where workflow_uuid = $1 and function_id = any($2) and error is not null and child_workflow_id is not null`,
    [runId, steps],
  )
  return { steps, fromTheTop, children: children.map((child) => child.id) }
}

async function forgetSteps(sql: Sql, runId: string, steps: number[]): Promise<string | undefined> {
  const gone = await sql.query<{ name: string; error: string | null }>(
    `delete from dbos.operation_outputs where workflow_uuid = $1 and function_id = any($2)
     returning function_name as name, error`,
    [runId, steps],
  )
  await sql.query('delete from prefect.run_waits where run_id = $1 and step = any($2)', [runId, steps])
  await sql.query('update prefect.run_signals set taken_by = null where run_id = $1 and taken_by = any($2)', [
    runId,
    steps,
  ])
  // The attempts stay in the record; the task may try as often as its policy allows once more.
  await sql.query(
    `update prefect.task_attempts a set next_attempt_at = clock_timestamp(), granted = attempt
     where run_id = $1 and step = any($2)
       and attempt = (select max(attempt) from prefect.task_attempts b where b.run_id = $1 and b.step = a.step)`,
    [runId, steps],
  )
  return gone.find((step) => step.error !== null)?.name
}

/** The worker that has the run is notified; all of them, should it have been suspended. */
async function notify(sql: Sql, what: 'run' | 'cancel', runId: string): Promise<void> {
  await sql.query('select pg_notify($1, $2), pg_notify($1, $3)', [
    WAKE_CHANNEL,
    `${what}:${runId}`,
    'queue:*',
  ])
}
