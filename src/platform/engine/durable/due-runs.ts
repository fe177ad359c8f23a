/** Which queues have something to claim, by the database's clock: one statement for all of them. */
import type { Sql } from '../../postgres/sql.ts'
import { APPLICATION, NOW_MS } from './identity.ts'

const OURS = `(application_name = '${APPLICATION}' or application_name is null)`

/**
 * What is due leaves its delay: a run scheduled for now, a suspended one whose deadline has come. The bare literals let
 * the planner use the partial indexes of the engine's table.
 */
const LOOK = `
  with due as (
    update dbos.workflow_status set status = 'ENQUEUED', updated_at = ${NOW_MS}
    where workflow_uuid in (
      select workflow_uuid from dbos.workflow_status
      where status = 'DELAYED' and delay_until_epoch_ms <= extract(epoch from clock_timestamp()) * 1000 and ${OURS}
      for update skip locked)
    returning queue_name as queue
  )
  select queue from due
  union
  select q from unnest($1::text[]) q
  where exists (select from dbos.workflow_status where status = 'ENQUEUED' and queue_name = q and ${OURS})`

/** Returns those of the queues that have runs to claim, after it has put what is due into them. */
export async function queuesWithRuns(sql: Sql, queues: readonly string[]): Promise<string[]> {
  const rows = await sql.query<{ queue: string }>(LOOK, [queues])
  return rows.map(({ queue }) => queue)
}
