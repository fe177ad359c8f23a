/** How runs change hands without being counted as the death of a worker. */
import type { Sql } from '../../postgres/sql.ts'
import { APPLICATION, NOW_MS, WAKE_CHANNEL } from './identity.ts'
import { stepIsOpen } from './open-steps.ts'

/**
 * Back to the queue, for anyone. Leaving is not dying: the claim is not counted, so that a run that waits through
 * many restarts is not parked as if it had killed its workers. It stays counted as begun.
 */
export async function handBack(sql: Sql, workerId: string): Promise<void> {
  await sql.query(
    `with back as (
       update dbos.workflow_status
       set status = 'ENQUEUED', owner_xid = null, started_at_epoch_ms = null,
           queue_name = coalesce(queue_name, 'default'), recovery_attempts = greatest(recovery_attempts - 1, 1),
           updated_at = ${NOW_MS}
       where status = 'PENDING' and executor_id = $1 and application_name = $2 returning 1)
     select pg_notify($3, 'queue:*') from (select 1 from back limit 1) any_run`,
    [workerId, APPLICATION, WAKE_CHANNEL],
  )
}

/**
 * A run that only waited when its worker died did not kill it, nor does a database that was away: not counted, so that a
 * wait of days survives any number of restarts. Done before the runs are queued again: the next claim counts one up, so
 * that no run that has begun ever looks as if it had not.
 */
export async function forgive(sql: Sql, workerIds: readonly string[], all: boolean): Promise<void> {
  await sql.query(
    `update dbos.workflow_status s set recovery_attempts = greatest(recovery_attempts - 1, 1)
     where s.status = 'PENDING' and s.executor_id = any($1) and s.application_name = $3 and ($2
       or exists (select from prefect.run_waits w
                  where w.run_id = s.workflow_uuid and w.closed_at is null and ${stepIsOpen('w', 'w.step')})
       or exists (select from prefect.task_attempts a
                  where a.run_id = s.workflow_uuid and a.next_attempt_at > clock_timestamp()
                    and ${stepIsOpen('a', 'a.step')}))`,
    [workerIds, all, APPLICATION],
  )
}
