/** What the health endpoint and the gauges ask the database. */

import type { Sql } from '../postgres/sql.ts'
import { APPLICATION, NEVER_MS } from './application.ts'

/** A worker whose last heartbeat is older than this is dead: the others take its runs. */
export const DEAD_AFTER_SECONDS = 5

export interface ServiceCounts {
  active: number
  scheduled: number
  /** Seconds the oldest run that could start has been waiting; 0 without one. */
  backlogAge: number
  workers: { total: number; active: number; idle: number }
}

interface CountsRow {
  active: number
  scheduled: number
  backlog: number
  total: number
  live: number
  idle: number
}

/** Runs of this service alone. Live: a heartbeat within DEAD_AFTER_SECONDS. Total: also those that fell silent within the last 5 minutes. */
export async function readCounts(sql: Sql): Promise<ServiceCounts> {
  const [row] = await sql.query<CountsRow>(
    `select
       (select count(*)::int from dbos.workflow_status s
          where (status = 'PENDING' or (status = 'DELAYED' and exists (
                  select from prefect.flow_runs r where r.id = s.workflow_uuid and r.begun_at is not null)))
            and application_name = $1) as active,
       (select count(*)::int from dbos.workflow_status s
          where status = 'DELAYED' and not exists (
                  select from prefect.flow_runs r where r.id = s.workflow_uuid and r.begun_at is not null)
            and coalesce(delay_until_epoch_ms, 0) < ${NEVER_MS} and application_name = $1) as scheduled,
       (select coalesce(greatest(extract(epoch from clock_timestamp())
                 - min(greatest(created_at, delay_until_epoch_ms)) / 1000.0, 0), 0)::float8
          from dbos.workflow_status where status = 'ENQUEUED' and application_name = $1) as backlog,
       count(*) filter (where heartbeat_at > clock_timestamp() - interval '5 minutes')::int as total,
       count(*) filter (where heartbeat_at > clock_timestamp() - make_interval(secs => $2))::int as live,
       count(*) filter (where heartbeat_at > clock_timestamp() - make_interval(secs => $2)
                          and running = 0)::int as idle
     from prefect.workers where stopped_at is null and 'worker' = any(roles)`,
    [APPLICATION, DEAD_AFTER_SECONDS],
  )
  const { active = 0, scheduled = 0, backlog = 0, total = 0, live = 0, idle = 0 } = row ?? {}
  return { active, scheduled, backlogAge: backlog, workers: { total, active: live, idle } }
}
