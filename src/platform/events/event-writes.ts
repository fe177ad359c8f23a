/** Writing the audit trail: rows are only ever added. */

import type { StartedRun } from '../contract/event.ts'
import type { FieldError } from '../contract/problem.ts'
import type { Sql } from '../postgres/sql.ts'

export interface NewEvent {
  id: string
  kind: string
  source: 'http' | 'amqp' | 'replay'
  sender_key: string | null
  body_hash: string | null
  occurred_at: string | null
  received_from: string | null
  /** JSON, as it was sent. */
  body: string | null
  /** What was no JSON, or cannot be stored as such. */
  raw: string | null
  status: 'accepted' | 'rejected'
  reason: string | null
  errors: FieldError[] | null
  runs: StartedRun[]
  subjects: string[]
  replay_of: string | null
}

const INSERT = `
  with incoming as (
    select * from jsonb_to_recordset($1::jsonb) as x(
      id text, kind text, source text, sender_key text, body_hash text, occurred_at timestamptz, received_from text,
      body text, raw text, status text, reason text, errors jsonb, runs jsonb, subjects jsonb, replay_of text)
  ), added as (
    insert into prefect.events (id, kind, source, sender_key, body_hash, occurred_at, received_from, body, raw,
                                status, reason, errors, runs, subjects, replay_of)
    select id, kind, source, sender_key, body_hash, occurred_at, received_from, body::json, raw, status, reason,
           nullif(errors, 'null'), runs, array(select jsonb_array_elements_text(subjects)), replay_of
    from incoming
    on conflict (id) do nothing
    returning id, received_at
  ), indexed as (
    insert into prefect.subject_index (subject, kind, id, at)
    select s, 'event', i.id, received_at from incoming i join added using (id), jsonb_array_elements_text(i.subjects) s
    on conflict do nothing
  )
  select id from added`

/** Adds the events in one statement; returns the ids that are new. */
export async function insertEvents(sql: Sql, events: readonly NewEvent[]): Promise<Set<string>> {
  const rows = await sql.query<{ id: string }>(INSERT, [JSON.stringify(events)])
  return new Set(rows.map(({ id }) => id))
}

export interface KnownEvent {
  id: string
  body_hash: string | null
  runs: StartedRun[]
}

/** Those of the ids that are kept already, by id. */
export async function findEvents(sql: Sql, ids: readonly string[]): Promise<Map<string, KnownEvent>> {
  const rows = await sql.query<KnownEvent>(
    'select id, body_hash, runs from prefect.events where id = any($1)',
    [ids],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

/** What a replay starts from: `body` is JSON, or null when it was none. Undefined: no such event. */
export async function findBody(sql: Sql, id: string) {
  const text = 'select kind, coalesce(body::text, payload::text) as body from prefect.events where id = $1'
  return (await sql.query<{ kind: string; body: string | null }>(text, [id]))[0]
}
