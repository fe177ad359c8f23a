/**
 * A year of a hotel's runs, made by SQL: nearly all completed, some failed, a few open, with their events, subjects,
 * tasks, logs and messages, as the service itself would have written them. The n-th of each is always the same.
 */

import type { Database } from '../src/platform/postgres/pool.ts'
import { APPLICATION } from '../src/platform/runs/application.ts'

const TABLES = [
  'prefect.events',
  'prefect.flow_runs',
  'prefect.subject_index',
  'prefect.notifications',
  'prefect.run_logs',
  'dbos.workflow_status',
  'dbos.workflow_input',
  'dbos.workflow_output',
  'dbos.operation_outputs',
]
/** Rows per statement. */
const BATCH = 250_000
/** The newest runs that have not ended, a third each in the queue, in a worker's hands and scheduled. */
const OPEN = 300

/** `i`: which of $3 runs; `h`, `d`: dice of 100 and of 100,000 sides. */
const RUNS = `
  with dice as (
    select i, md5('run' || i) as m, md5('event' || i) as e, $4::timestamptz - ($3::bigint - i) * (interval '365 days' / $3::bigint) as at
    from generate_series($1::bigint, $2::bigint - 1) i
  ), thrown as (
    select i, 'fr_' || left(m, 26) as id, 'evt_' || left(e, 26) as event_id, at,
      ('x' || left(e, 7))::bit(28)::int % 100 as h, ('x' || right(e, 7))::bit(28)::int % 100000 as d
    from dice
  ), runs as (
    select *,
      case when h < 60 then 'process_attendance' when h < 75 then 'update_room_status'
           when h < 88 then 'update_room_status_db' when h < 97 then 'generate_confirmation_email'
           when d % 100 > 0 then 'handle_anomaly' else 'predict_churn_risk' end as workflow,
      case when h < 60 then 'attendance' when h < 88 then 'room_status' when h < 97 then 'booking' else 'anomaly' end as kind,
      case when h < 60 then 'employee:EMP' || lpad((d % 300)::text, 3, '0') when h < 88 then 'room:' || 101 + d % 120
           when h < 97 then 'booking:BK' || i / 5 else 'camera:cam_' || d % 16 end as subject,
      case when i >= $3::bigint - ${OPEN} then (array['ENQUEUED', 'PENDING', 'DELAYED'])[i % 3 + 1]
           when d < 10 then 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' when d < 1000 then 'ERROR' when d < 1400 then 'CANCELLED'
           else 'SUCCESS' end as state,
      (extract(epoch from at) * 1000)::bigint as ms
    from thrown
  )`

const WRITES = [
  `insert into prefect.events (id, kind, source, sender_key, body_hash, received_at, occurred_at, received_from, payload,
                               status, runs, subjects)
   select event_id, kind, 'http', 'key-' || i, md5(id) || md5(event_id), at, at, 'gateway',
     jsonb_build_object('timestamp', at, 'subject', subject, 'confidence', 0.98, 'camera_id', 'cam_staff_01'), 'accepted',
     jsonb_build_array(jsonb_build_object('workflow', workflow, 'flow_run_id', id)), array[subject] from runs`,
  `insert into prefect.events (id, kind, source, received_at, received_from, payload, status, reason, errors, subjects)
   select 'evt_x' || substr(event_id, 6), kind, 'http', at, 'gateway', '{"confidence": 2}', 'rejected', 'invalid',
     '[{"path": "body.timestamp", "message": "is missing"}]', array[subject] from runs where d % 200 = 0`,
  `insert into prefect.flow_runs (id, workflow_name, queue, subjects, event_id, created_at, flagged, unsuccessful, scheduled_for)
   select id, workflow, 'events', array[subject], event_id, at,
     case when state = 'ERROR' and d < 30 then 'The undo of refund failed.' end,
     case state when 'ERROR' then 'failed' when 'CANCELLED' then 'cancelled'
                when 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' then 'crashed' end,
     case when state = 'DELAYED' then at + interval '100 days' end from runs`,
  `insert into prefect.subject_index (subject, at, kind, id)
   select subject, at, 'run', id from runs union all select subject, at, 'event', event_id from runs`,
  `insert into prefect.notifications (id, channel, recipient, template, subject_key, language, body, status, attempts, run_id,
                                      subjects, created_at, sent_at)
   select 'ntf_' || substr(id, 4), case when h < 60 then 'slack' else 'email' end, 'U' || d % 40,
     case when h < 60 then 'late_check_in' else 'booking_confirmation' end, id, 'vi', 'Late: ' || subject,
     case when d % 100 = 0 then 'failed' when d % 500 = 1 then 'dropped' else 'sent' end, 1, id, array[subject], at, at
   from runs where (h < 6 or h >= 90) and h < 97`,
  `insert into prefect.subject_index (subject, at, kind, id)
   select subject, at, 'notification', 'ntf_' || substr(id, 4) from runs where (h < 6 or h >= 90) and h < 97`,
  `insert into prefect.run_logs (run_id, key, at, level, message) select id, '1', at, 'info', 'about ' || subject from runs`,
  `insert into dbos.workflow_status (workflow_uuid, status, name, executor_id, created_at, updated_at, application_version,
     recovery_attempts, queue_name, started_at_epoch_ms, completed_at, priority, delay_until_epoch_ms, application_name)
   select id, state, workflow, 'seeded', ms, ms, '1', case when state in ('ENQUEUED', 'DELAYED') then 0 else 1 end, 'events',
     case when state not in ('ENQUEUED', 'DELAYED') then ms + 15 end,
     case when state not in ('ENQUEUED', 'DELAYED', 'PENDING') then ms + 40 end, 10,
     case when state = 'DELAYED' then ms + 8640000000 end, '${APPLICATION}' from runs`,
  `insert into dbos.workflow_input (workflow_uuid, inputs)
   select id, json_build_object('positionalArgs', json_build_array(json_build_object('subject', subject, 'timestamp', at)),
                                'namedArgs', json_build_object())::text from runs`,
  `insert into dbos.workflow_output (workflow_uuid, output, error)
   select id, case when state = 'SUCCESS' then '{"status": "completed"}' end,
     case when state = 'ERROR' then '{"name": "Error", "code": "failed", "message": "It failed."}' end
   from runs where state in ('SUCCESS', 'ERROR')`,
  `insert into dbos.operation_outputs (workflow_uuid, function_id, function_name, output, started_at_epoch_ms,
                                       completed_at_epoch_ms, application_name)
   select id, 0, 'record', '{"k":"task","v":{"log_id":1}}', ms + 16, ms + 30, '${APPLICATION}' from runs
   where state = 'SUCCESS'`,
]

/** Into empty tables: without their indexes, which are built again afterwards, as that takes a fifth of the time. */
export async function seedRuns(database: Database, runs: number): Promise<void> {
  const rebuild = await dropIndexes(database)
  const now = new Date()
  for (let from = 0; from < runs; from += BATCH) {
    const values = [from, Math.min(runs, from + BATCH), runs, now]
    for (const write of WRITES) await unhurried(database, `${RUNS} ${write}`, values)
  }
  for (const statement of rebuild) await unhurried(database, statement)
  for (const table of TABLES) await database.query(`vacuum analyze ${table}`)
}

/** The `n`-th seeded run and its event. */
export async function seededIds(database: Database, n: number): Promise<{ run: string; event: string }> {
  const [row] = await database.query<{ run: string; event: string }>(
    `select 'fr_' || left(md5('run' || $1::bigint), 26) as run, 'evt_' || left(md5('event' || $1::bigint), 26) as event`,
    [n],
  )
  if (!row) throw new Error('The database answered nothing.')
  return row
}

/** Returns the statements that build them again. */
async function dropIndexes(database: Database): Promise<string[]> {
  const rows = await database.query<{ drop: string; make: string }>(
    `select format('alter table %s drop constraint %I', c.conrelid::regclass, c.conname) as drop,
       format('alter table %s add constraint %I %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid)) as make
     from pg_constraint c
     where (c.contype in ('p', 'u') and c.conrelid = any($1::regclass[]))
       or (c.contype = 'f' and c.confrelid = any($1::regclass[]))
     union all
     select format('drop index %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
     from pg_index i
     where i.indrelid = any($1::regclass[]) and not exists (select from pg_constraint c where c.conindid = i.indexrelid)`,
    [TABLES],
  )
  // A key goes after what refers to it, and comes back before it.
  const rank = (text: string) => (/ references /i.test(text) ? 0 : 1)
  rows.sort((a, b) => rank(a.make) - rank(b.make))
  for (const { drop } of rows) await database.query(drop)
  return rows.map(({ make }) => make).reverse()
}

/** Those that were seeded as open, for a worker would find nothing to do for them. */
export async function endOpenRuns(database: Database): Promise<void> {
  await database.query(
    `update dbos.workflow_status set status = 'CANCELLED' where status in ('ENQUEUED', 'PENDING')`,
  )
  await database.query(`update dbos.workflow_status set status = 'CANCELLED' where status = 'DELAYED'`)
}

async function unhurried(database: Database, text: string, values?: unknown[]): Promise<void> {
  await database.transaction(async (sql) => {
    await sql.query("set local synchronous_commit = off; set local maintenance_work_mem = '1GB'")
    await sql.query(text, values)
  })
}
