/** Reading the audit trail of events. Writing it is the intake's. */
import type { EventRecord, StartedRun } from '../contract/event.ts'
import type { FieldError } from '../contract/problem.ts'
import { conditions } from './conditions.ts'
import { instantText } from './instant-text.ts'
import type { Sql } from './sql.ts'

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
  payload: unknown
  raw: string | null
  subjects: string[]
  replay_of: string | null
  runs: StartedRun[]
}

const COLUMNS = `e.id, e.kind, e.source, e.status, e.reason, e.errors, e.sender_key, e.received_at, e.received_from,
  e.occurred_at, e.payload, e.raw, e.subjects, e.replay_of, e.runs`

/** One page of events, newest first, and how many there are in all. */
export async function listEvents(
  sql: Sql,
  filter: EventFilter,
  page: { limit: number; offset: number },
): Promise<{ events: EventRecord[]; total: number }> {
  const clause = conditions()
  if (filter.kind !== undefined) clause.add('e.kind = ?', filter.kind)
  if (filter.status !== undefined) clause.add('e.status = ?', filter.status)
  if (filter.subject !== undefined) {
    clause.add(
      "e.id in (select i.id from prefect.subject_index i where i.subject = ? and i.kind = 'event')",
      filter.subject,
    )
  }
  if (filter.receivedAfter) clause.add('e.received_at >= ?', filter.receivedAfter)
  if (filter.receivedBefore) clause.add('e.received_at <= ?', filter.receivedBefore)
  const where = clause.where()
  const [count] = await sql.query<{ total: number }>(
    `select count(*)::float8 as total from prefect.events e ${where}`,
    [...clause.values],
  )
  const total = count?.total ?? 0
  if (page.offset >= total) return { events: [], total }
  const tail = `order by e.received_at desc, e.id limit ${clause.bind(page.limit)} offset ${clause.bind(page.offset)}`
  const rows = await sql.query<EventRow>(
    `select ${COLUMNS} from prefect.events e ${where} ${tail}`,
    clause.values,
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
    payload: row.payload ?? row.raw,
    subjects: row.subjects,
    replay_of: row.replay_of,
    workflows_triggered: row.runs,
  }
}
