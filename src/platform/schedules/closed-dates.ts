/** The hotel's own closed dates, by the name of their calendar. */
import type { Database } from '../postgres/pool.ts'
import type { Sql } from '../postgres/sql.ts'
import { isCountry } from './timing/calendars.ts'

/** By calendar, then by date ('YYYY-MM-DD'): the reason, '' without one. */
export type ClosedDates = ReadonlyMap<string, ReadonlyMap<string, string>>

/** Those of the calendars named that are the hotel's own. */
export async function readClosedDates(sql: Sql, calendars: readonly string[]): Promise<ClosedDates> {
  const names = [...new Set(calendars)].filter((name) => !isCountry(name))
  if (names.length === 0) return new Map()
  const rows = await sql.query<{ calendar: string; date: string; reason: string | null }>(
    `select calendar, date::text as date, reason from prefect.closed_dates where calendar = any($1)`,
    [names],
  )
  const dates = new Map(names.map((name) => [name, new Map<string, string>()]))
  for (const { calendar, date, reason } of rows) dates.get(calendar)?.set(date, reason ?? '')
  return dates
}

/** Names of the hotel's own calendars. */
export async function listCalendars(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ calendar: string }>(
    'select distinct calendar from prefect.closed_dates order by calendar',
  )
  return rows.map(({ calendar }) => calendar)
}

const USED_BY = `array(select s.slug from prefect.schedules s
  where s.deleted_at is null and s.definition -> 'closed_dates' ? c.calendar order by s.slug)`

/** Each of them with the number of its dates and the slugs of what is closed on them. */
export function countCalendars(sql: Sql): Promise<{ name: string; date_count: number; used_by: string[] }[]> {
  return sql.query(
    `select c.calendar as name, count(*)::int as date_count, ${USED_BY} as used_by
     from prefect.closed_dates c group by c.calendar order by c.calendar`,
  )
}

/** The slugs of schedules that are closed on its dates; undefined: there is no such calendar. */
export async function usersOfCalendar(sql: Sql, calendar: string): Promise<string[] | undefined> {
  const [row] = await sql.query<{ used_by: string[] }>(
    `select ${USED_BY} as used_by from prefect.closed_dates c where c.calendar = $1 limit 1`,
    [calendar],
  )
  return row?.used_by
}

export interface ClosedDate {
  /** 'YYYY-MM-DD'. */
  date: string
  reason: string | null
}

/** In order; none: there is no such calendar. */
export function readCalendar(sql: Sql, calendar: string): Promise<ClosedDate[]> {
  return sql.query(
    `select date::text as date, reason from prefect.closed_dates where calendar = $1 order by date`,
    [calendar],
  )
}

/** These instead of those before; none: it is forgotten. Of a date given twice the last counts. */
export async function writeCalendar(
  database: Database,
  calendar: string,
  dates: readonly ClosedDate[],
  by: string | null,
): Promise<void> {
  const rows = [...new Map(dates.map((each) => [each.date, each])).values()]
  await database.transaction(async (sql) => {
    // Of two who write it at once the later one's dates stay, not some of each.
    await sql.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`calendar ${calendar}`])
    await sql.query('delete from prefect.closed_dates where calendar = $1', [calendar])
    await sql.query(
      `insert into prefect.closed_dates (calendar, date, reason, created_by)
       select $1, date, reason, $3 from jsonb_to_recordset($2::jsonb) as x(date date, reason text)`,
      [calendar, JSON.stringify(rows), by],
    )
  })
}
