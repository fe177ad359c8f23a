/** Reading schedules back. */
import type { CatalogueEntry, RunStatus } from '../contract/run.ts'
import type { ScheduleAnswer, ScheduleDetail, ScheduleOrigin } from '../contract/schedule.ts'
import { instantText } from '../postgres/instant-text.ts'
import type { Sql } from '../postgres/sql.ts'
import { localText } from '../time/local-text.ts'
import { NAMED, SCHEDULE_COLUMNS, type ScheduleRow, timezoneOf, timingOf } from './schedule-row.ts'
import { describeTiming } from './timing/describe.ts'

interface ListedRow extends ScheduleRow {
  run_id: string | null
  run_status: RunStatus | null
  run_completed_at: Date | null
}

/** Its last run: whether by its own time, by hand or for the past. */
const LISTED = `select ${SCHEDULE_COLUMNS}, last.run_id, v.status as run_status, v.completed_at as run_completed_at
  from prefect.schedules s
  left join lateral (select f.run_id from prefect.firings f where f.schedule_id = s.id and f.run_id is not null
                     order by f.decided_at desc limit 1) last on true
  left join prefect.flow_run_states v on v.id = last.run_id`

/** By id or slug. */
export async function findSchedule(sql: Sql, id: string): Promise<ScheduleDetail | undefined> {
  const [row] = await sql.query<ListedRow>(`${LISTED} where ${NAMED}`, [id])
  return row && detailOf(row)
}

const MOST_OF_WORKFLOW = 100

/** By workflow, in the order of their slugs; at most a hundred of each. */
export async function schedulesByWorkflow(sql: Sql): Promise<Map<string, CatalogueEntry['schedules']>> {
  const rows = await sql.query<Pick<ScheduleRow, 'id' | 'slug' | 'active' | 'definition' | 'next_due_at'>>(
    `select id, slug, active, definition, next_due_at from (
       select s.*, row_number() over (partition by s.definition ->> 'workflow' order by s.slug) as place
       from prefect.schedules s where s.deleted_at is null
     ) s where place <= $1 order by slug`,
    [MOST_OF_WORKFLOW],
  )
  const found = new Map<string, CatalogueEntry['schedules']>()
  for (const { id, slug, active, definition, next_due_at: next } of rows) {
    const next_run = next && localText(next, timezoneOf(definition))
    const entry = { schedule_id: id, slug, cron: cronOf(definition), next_run, active }
    found.set(definition.workflow, [...(found.get(definition.workflow) ?? []), entry])
  }
  return found
}

function cronOf({ schedule }: ScheduleRow['definition']): string | null {
  return schedule.type === 'cron' ? schedule.cron : null
}

export interface ScheduleFilter {
  workflows?: readonly string[] | undefined
  active?: boolean | undefined
  origin?: ScheduleOrigin | undefined
}

/** In the order of their slugs, and how many there are. */
export async function listSchedules(
  sql: Sql,
  { workflows, active, origin }: ScheduleFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ schedules: ScheduleAnswer[]; total: number }> {
  const where = `s.deleted_at is null and ($1::text[] is null or s.definition ->> 'workflow' = any($1))
    and ($2::boolean is null or s.active = $2) and ($3::text is null or s.origin = $3)`
  const values = [workflows ?? null, active ?? null, origin ?? null]
  const [count] = await sql.query<{ total: number }>(
    `select count(*)::int as total from prefect.schedules s where ${where}`,
    values,
  )
  const rows = await sql.query<ListedRow>(`${LISTED} where ${where} order by s.slug limit $4 offset $5`, [
    ...values,
    limit,
    offset,
  ])
  return { schedules: rows.map(answerOf), total: count?.total ?? 0 }
}

function answerOf(row: ListedRow): ScheduleAnswer {
  const { definition, paused_at } = row
  const timezone = timezoneOf(definition)
  return {
    schedule_id: row.id,
    slug: row.slug,
    name: definition.name,
    workflow: definition.workflow,
    schedule: timingText(row),
    cron: cronOf(definition),
    next_run: row.next_due_at && localText(row.next_due_at, timezone),
    active: row.active,
    created_at: instantText(row.created_at),
    ...(row.run_id === null || row.run_status === null
      ? {}
      : {
          last_run: {
            flow_run_id: row.run_id,
            status: row.run_status,
            completed_at: instantText(row.run_completed_at),
          },
        }),
    origin: row.origin,
    version: row.version,
    paused:
      row.active || paused_at === null
        ? null
        : {
            at: instantText(paused_at),
            by: row.paused_by,
            note: row.pause_note,
            reason: row.pause_reason ?? 'person',
          },
  }
}

/** `0 2 * * * (Asia/Ho_Chi_Minh)`. */
export function timingText({ definition }: Pick<ScheduleRow, 'definition'>): string {
  const { schedule } = definition
  const when = {
    cron: () => ('cron' in schedule ? schedule.cron : ''),
    interval: () => ('every_seconds' in schedule ? `every ${schedule.every_seconds} s` : ''),
    once: () => ('at' in schedule ? `once at ${schedule.at}` : ''),
  }[schedule.type]()
  return `${when} (${timezoneOf(definition)})`
}

function detailOf(row: ListedRow): ScheduleDetail {
  const timing = timingOf(row.definition)
  return {
    ...answerOf(row),
    definition: row.definition,
    timezone: timezoneOf(row.definition),
    in_words: { en: describeTiming(timing, 'en'), vi: describeTiming(timing, 'vi') },
    created_by: row.created_by,
    updated_at: instantText(row.updated_at),
    updated_by: row.updated_by,
    runs_remaining: row.remaining,
    failures_in_a_row: row.failures_in_a_row,
  }
}
