/** What changed lately: what the stream of run and event changes is made of. */
import type { EventSummary } from '../contract/event.ts'
import type { RunSummary } from '../contract/run.ts'
import { instantText } from '../postgres/instant-text.ts'
import type { Sql } from '../postgres/sql.ts'
import { SUMMARY_COLUMNS, type SummaryRow, summaryOf } from './runs.ts'

/** `at`: when it changed last, epoch milliseconds of the database's clock. */
export type Change = { at: number } & (
  | { kind: 'run'; id: string; data: RunSummary }
  | { kind: 'event'; id: string; data: EventSummary }
)

/** The database's clock, epoch milliseconds. */
export async function databaseNow(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ ms: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
  )
  return row?.ms ?? Date.now()
}

/** One index each, newest first, so that a burst costs no more than `limit` rows of each. */
const RUNS = `
  with changed as (
    (select id from prefect.flow_runs where created_at >= to_timestamp($1::float8 / 1000)
     order by created_at desc limit $2)
    union
    (select workflow_uuid from dbos.workflow_status where started_at_epoch_ms >= $1::float8::bigint
     order by started_at_epoch_ms desc limit $2)
    union
    (select workflow_uuid from dbos.workflow_status where completed_at >= $1::float8::bigint
     order by completed_at desc limit $2)
    union
    select unnest($3::text[]))
  select ${SUMMARY_COLUMNS} from changed join prefect.flow_run_states v on v.id = changed.id`

/**
 * Runs created, started or ended since `since` (epoch milliseconds), the `watched` runs as they are now, and events
 * received since; oldest change first. Of each at most the newest `limit`.
 */
export async function changesSince(
  sql: Sql,
  since: number,
  limit: number,
  watched: readonly string[] = [],
): Promise<Change[]> {
  const runs = await sql.query<SummaryRow>(RUNS, [since, limit, watched])
  const events = await sql.query<EventRow>(
    `select id, kind, source, status, received_at, subjects, runs from prefect.events
     where received_at >= to_timestamp($1::float8 / 1000) order by received_at desc limit $2`,
    [since, limit],
  )
  return [...runs.map(runChange), ...events.map(eventChange)].sort((a, b) => a.at - b.at)
}

interface EventRow {
  id: string
  kind: string
  source: EventSummary['source']
  status: EventSummary['status']
  received_at: Date
  subjects: string[]
  runs: EventSummary['workflows_triggered']
}

function runChange(row: SummaryRow): Change {
  const times = [row.created_at, row.started_at, row.completed_at].map((time) => time?.getTime() ?? 0)
  return { kind: 'run', id: row.id, at: Math.max(...times), data: summaryOf(row) }
}

function eventChange(row: EventRow): Change {
  const data: EventSummary = {
    event_id: row.id,
    kind: row.kind,
    source: row.source,
    status: row.status,
    received_at: instantText(row.received_at),
    subjects: row.subjects,
    workflows_triggered: row.runs,
  }
  return { kind: 'event', id: row.id, at: row.received_at.getTime(), data }
}
