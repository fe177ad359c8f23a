/**
 * How runs go back to the queue without an outcome: their worker leaves, or has died. That a run has begun (`begun_at`)
 * and how often it went back (`recoveries`) is noted by a trigger, whoever moves it; what is decided here is whether the
 * death of its worker is held against it.
 */
import type { Sql } from '../../postgres/sql.ts'
import { APPLICATION, COUNT_RESET, MOST_DEATHS, NOW_MS, WAKE_CHANNEL } from './identity.ts'
import { stepIsOpen } from './open-steps.ts'

/** By then a claimed run is in its worker's hands. */
const UNBEGUN_AFTER_MS = 10_000

/**
 * `deaths` has, for each death of a worker that had the run, how many of its steps were recorded by then: as many deaths
 * at the same number as MOST_DEATHS, and nothing has come of the run but dead workers. A run that only waited did not
 * kill its worker, so that a wait of days survives any number of restarts.
 */
const HAND_OVER = `
  with held as (
    select s.workflow_uuid as id, r.deaths,
      (select count(*)::int from dbos.operation_outputs o where o.workflow_uuid = s.workflow_uuid) as steps,
      $2 and not exists (select from prefect.run_waits w
                         where w.run_id = s.workflow_uuid and w.closed_at is null and ${stepIsOpen('w', 'w.step')})
         and not exists (select from prefect.task_attempts a
                         where a.run_id = s.workflow_uuid and a.next_attempt_at > clock_timestamp()
                           and ${stepIsOpen('a', 'a.step')}) as died
    from dbos.workflow_status s left join prefect.flow_runs r on r.id = s.workflow_uuid
    where s.status = 'PENDING' and s.executor_id = any($1) and s.application_name = '${APPLICATION}'
      and ($4::text[] is null or (s.workflow_uuid <> all($4)
           and s.started_at_epoch_ms < ${NOW_MS} - ${UNBEGUN_AFTER_MS}))
  ), judged as (
    select id, steps, died,
      died and coalesce(cardinality(array_positions(deaths, steps)), 0) + 1 >= ${MOST_DEATHS} as abandoned
    from held
  ), back as (
    update dbos.workflow_status s
    set status = case when j.abandoned then 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' else 'ENQUEUED' end,
        owner_xid = null, queue_name = coalesce(s.queue_name, 'default'), ${COUNT_RESET},
        started_at_epoch_ms = case when j.abandoned then s.started_at_epoch_ms end,
        completed_at = case when j.abandoned then ${NOW_MS} end, updated_at = ${NOW_MS}
    from judged j
    where s.workflow_uuid = j.id and s.status = 'PENDING' and s.executor_id = any($1)
    returning j.id, j.steps, j.died, j.abandoned
  ), counted as (
    update prefect.flow_runs r
    set deaths = array_append(r.deaths, b.steps), recoveries = r.recoveries + case when b.abandoned then 1 else 0 end
    from back b where r.id = b.id and b.died
  ), notified as (
    select pg_notify($3, 'queue:*') from (select from back where not abandoned limit 1) any_run
  )
  select id, abandoned, (select count(*) from notified) as notified from back`

export interface HandedOver {
  /** Runs that are in a queue again. */
  queued: number
  /** Ids of runs that took too many workers down. */
  abandoned: string[]
}

async function handOver(
  sql: Sql,
  workerIds: readonly string[],
  died: boolean,
  except: readonly string[] | null = null,
): Promise<HandedOver> {
  const values = [workerIds, died, WAKE_CHANNEL, except]
  const rows = await sql.query<{ id: string; abandoned: boolean }>(HAND_OVER, values)
  const abandoned = rows.filter((row) => row.abandoned).map(({ id }) => id)
  return { queued: rows.length - abandoned.length, abandoned }
}

/** All that the worker has goes back to the queue, for anyone. Leaving is not dying. */
export async function handBack(sql: Sql, workerId: string): Promise<void> {
  await handOver(sql, [workerId], false)
}

/** Queues what these workers had. `died` false: the database was away, and no run is to blame. */
export function recoverRuns(sql: Sql, workerIds: readonly string[], died = true): Promise<HandedOver> {
  return handOver(sql, workerIds, died)
}

/**
 * What the worker has by its row, and does not have in hand: a claim whose answer was lost on the way, or a flow that only a
 * newer build knows. Nobody would ever miss it, as its worker lives.
 */
export async function giveBackUnbegun(
  sql: Sql,
  workerId: string,
  inHand: readonly string[],
): Promise<number> {
  return (await handOver(sql, [workerId], false, inHand)).queued
}
