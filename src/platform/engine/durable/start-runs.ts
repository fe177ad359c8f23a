/** Starting runs: plain SQL, so that any process can, inside any transaction of its own. */
import type { Sql } from '../../postgres/sql.ts'
import type { StartRequest } from '../engine.ts'
import { queueOf } from '../flow.ts'
import { APPLICATION, FLOW_VERSION, NEVER_MS, NOW_MS } from './identity.ts'

/**
 * `dbos.enqueue_workflow` is the engine's public SQL interface. A run id that exists already is left as it is. Whether a
 * time is still ahead is for the database's clock to say.
 */
const START_RUNS = `
  with asked as (
    select * from jsonb_to_recordset($1::jsonb) as x(
      id text, workflow text, queue text, parameters json, subjects jsonb, event_id text, parent text,
      key text, hash text, origin text, asked_for timestamptz, priority int, started_by text, reserved boolean,
      traceparent text)
  ), incoming as (
    select *, case when asked_for > now() then asked_for end as scheduled from asked
  ), created as (
    insert into prefect.flow_runs (id, workflow_name, queue, subjects, event_id, parent_run_id, idempotency_key,
                                   request_hash, origin_run_id, scheduled_for, created_by, announced, traceparent)
    select id, workflow, queue, array(select jsonb_array_elements_text(subjects)), event_id, parent, key, hash, origin,
           scheduled, started_by, reserved, traceparent
    from incoming
    on conflict (id) do nothing
    returning id, created_at
  ), indexed as (
    insert into prefect.subject_index (subject, kind, id, at)
    select s, 'run', i.id, created_at from incoming i join created using (id), jsonb_array_elements_text(i.subjects) s
    on conflict do nothing
  )
  select id, dbos.enqueue_workflow(
    workflow_name => workflow, queue_name => queue, positional_args => array[parameters], workflow_id => id,
    app_version => $2, priority => priority, application_name => $3,
    delay_until_epoch_ms => case when reserved then ${NEVER_MS}
                                 else (extract(epoch from scheduled) * 1000)::bigint end)
  from incoming join created using (id)`

/** Of a run that nobody waits for. */
export const NEW_RUN = 10
const CHILD_RUN = 5

/**
 * The column `announced` has the word of its migration (decision 0009). The engine's row is locked first, as cancel, retry
 * and the triggers do: in the other order the two would wait for each other.
 */
const RELEASE = `
  with held as (
    select workflow_uuid as id from dbos.workflow_status where workflow_uuid = $1 for no key update
  ), released as (
    update prefect.flow_runs r set announced = false, traceparent = coalesce($2, traceparent)
    from held where r.id = held.id and r.announced returning r.id, r.queue
  )
  update dbos.workflow_status s
  set status = 'ENQUEUED', delay_until_epoch_ms = null, updated_at = ${NOW_MS}
  from released r where s.workflow_uuid = r.id and s.status = 'DELAYED'
  returning r.queue`

/** Its parent is there: a reserved run goes into its queue, which is answered. Undefined: it was not reserved. */
export async function releaseReserved(
  sql: Sql,
  { runId, traceparent }: Pick<StartRequest, 'runId' | 'traceparent'>,
): Promise<string | undefined> {
  return (await sql.query<{ queue: string }>(RELEASE, [runId, traceparent ?? null]))[0]?.queue
}

/** Starts the runs within the caller's transaction; returns the ids that are new. */
export async function startRuns(sql: Sql, requests: readonly StartRequest[]): Promise<Set<string>> {
  if (requests.length === 0) return new Set()
  const rows = await sql.query<{ id: string }>(START_RUNS, [
    JSON.stringify(requests.map(asRow)),
    FLOW_VERSION,
    APPLICATION,
  ])
  return new Set(rows.map((row) => row.id))
}

function asRow(request: StartRequest) {
  return {
    id: request.runId,
    workflow: request.flow.name,
    queue: request.queue ?? queueOf(request.flow),
    parameters: request.parameters,
    subjects: [...new Set(request.flow.subjects(request.parameters))],
    event_id: request.eventId ?? null,
    parent: request.parentRunId ?? null,
    key: request.idempotencyKey ?? null,
    hash: request.requestHash ?? null,
    origin: request.originRunId ?? null,
    asked_for: request.scheduledFor?.toISOString() ?? null,
    // Whoever waits for a child holds something until it ends: children go before what has not begun.
    priority: request.priority ?? (request.parentRunId === undefined ? NEW_RUN : CHILD_RUN),
    started_by: request.createdBy ?? null,
    reserved: request.reserved ?? false,
    traceparent: request.traceparent ?? null,
  }
}
