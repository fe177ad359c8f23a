/** Reading the audit trail of events; payloads are JsonText. Writing it is the intake's. */
import type { EventRecord, StartedRun } from '../contract/event.ts'
import { JsonText } from '../contract/json-text.ts'
import type { FieldError } from '../contract/problem.ts'
import { conditions } from '../postgres/conditions.ts'
import { instantText } from '../postgres/instant-text.ts'
import { type Page, readPage } from '../postgres/page.ts'
import type { Sql } from '../postgres/sql.ts'

export interface EventFilter {
  kind?: string | undefined
  status?: 'accepted' | 'rejected' | undefined
  subject?: string | undefined
  receivedAfter?: Date | undefined
  receivedBefore?: Date | undefined
}

interface EventRow {
  id: string
  kind: string
  source: EventRecord['source']
  status: EventRecord['status']
  reason: string | null
  errors: FieldError[] | null
  sender_key: string | null
  received_at: Date
  received_from: string | null
  occurred_at: Date | null
  body: string | null
  raw: string | null
  subjects: string[]
  replay_of: string | null
  runs: StartedRun[]
}

const COLUMNS = `e.id, e.kind, e.source, e.status, e.reason, e.errors, e.sender_key, e.received_at, e.received_from,
  e.occurred_at, coalesce(e.body::text, e.payload::text) as body, e.raw, e.subjects, e.replay_of, e.runs`

/** One page of events, newest first, and how many there are in all. */
export async function listEvents(
  sql: Sql,
  filter: EventFilter,
  page: Page,
): Promise<{ events: EventRecord[]; total: number }> {
  const clause = conditions()
  if (filter.kind !== undefined) clause.add('e.kind = ?', filter.kind)
  if (filter.status !== undefined) clause.add('e.status = ?', filter.status)
  if (filter.subject !== undefined) clause.about('e.id', 'event', filter.subject)
  if (filter.receivedAfter) clause.add('e.received_at >= ?', filter.receivedAfter)
  if (filter.receivedBefore) clause.add('e.received_at <= ?', filter.receivedBefore)
  const { rows, total } = await readPage<EventRow>(
    sql,
    { columns: COLUMNS, from: 'prefect.events e', clause, order: 'e.received_at desc, e.id' },
    page,
  )
  return { events: rows.map(recordOf), total }
}

/** Undefined: no such event. */
export async function findEvent(sql: Sql, eventId: string): Promise<EventRecord | undefined> {
  const [row] = await sql.query<EventRow>(`select ${COLUMNS} from prefect.events e where e.id = $1`, [
    eventId,
  ])
  return row && recordOf(row)
}

function recordOf(row: EventRow): EventRecord {
  return {
    event_id: row.id,
    kind: row.kind,
    source: row.source,
    status: row.status,
    reason: row.reason,
    errors: row.errors,
    sender_key: row.sender_key,
    received_at: instantText(row.received_at),
    received_from: row.received_from,
    occurred_at: instantText(row.occurred_at),
    payload: row.body === null ? row.raw : new JsonText(row.body),
    subjects: row.subjects,
    replay_of: row.replay_of,
    workflows_triggered: row.runs,
  }
}
