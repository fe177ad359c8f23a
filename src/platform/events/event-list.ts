/** Reading the audit trail of events; payloads are JsonText. Writing it is the intake's. */
import type { EventRecord, StartedRun } from '../contract/event.ts'
import { JsonText } from '../contract/json-text.ts'
import type { FieldError } from '../contract/problem.ts'
import { instantText } from '../postgres/instant-text.ts'
import type { ListLimits, Page, PageOf } from '../postgres/page.ts'
import type { Sql } from '../postgres/sql.ts'
import { type ListedTable, listTable } from '../postgres/table-list.ts'

/** What is not given does not matter. Of a filter with several values any one may hold. */
export interface EventFilter {
  kinds?: readonly string[] | undefined
  statuses?: readonly EventRecord['status'][] | undefined
  subject?: string | undefined
  receivedAfter?: Date | undefined
  receivedBefore?: Date | undefined
  /** The beginning of an id or of a subject. */
  search?: string | undefined
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

const EVENTS: ListedTable = {
  name: 'prefect.events',
  columns: `t.id, t.kind, t.source, t.status, t.reason, t.errors, t.sender_key, t.received_at, t.received_from,
    t.occurred_at, coalesce(t.body::text, t.payload::text) as body, t.raw, t.subjects, t.replay_of, t.runs`,
  at: 't.received_at',
  kind: 'event',
}

/** One page of events, newest first, and how many there are in all. Throws BadCursor. */
export async function listEvents(
  sql: Sql,
  filter: EventFilter,
  page: Page,
  limits: ListLimits = {},
): Promise<Omit<PageOf<never>, 'rows'> & { events: EventRecord[] }> {
  const { kinds, statuses, subject, search, receivedAfter, receivedBefore } = filter
  const [status, other] = new Set(statuses)
  const asked = {
    subject,
    search,
    columns: [{ column: 't.kind', values: kinds }],
    // Nearly all are accepted: that one needs no index.
    rare: status === 'rejected' && other === undefined ? "t.status = 'rejected'" : undefined,
    where: statuses || receivedAfter || receivedBefore ? (bind: Bind) => conditions(filter, bind) : undefined,
  }
  const { rows, ...rest } = await listTable<EventRow>(sql, EVENTS, asked, filter, page, limits)
  return { events: rows.map(recordOf), ...rest }
}

type Bind = (value: unknown) => string

function conditions({ statuses, receivedAfter, receivedBefore }: EventFilter, bind: Bind): string[] {
  return [
    ...(statuses?.includes('rejected') === false ? ["t.status = 'accepted'"] : []),
    ...(receivedAfter ? [`t.received_at >= ${bind(receivedAfter)}`] : []),
    ...(receivedBefore ? [`t.received_at <= ${bind(receivedBefore)}`] : []),
  ]
}

/** Undefined: no such event. */
export async function findEvent(sql: Sql, eventId: string): Promise<EventRecord | undefined> {
  const text = `select ${EVENTS.columns} from ${EVENTS.name} t where t.id = $1`
  const [row] = await sql.query<EventRow>(text, [eventId])
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
