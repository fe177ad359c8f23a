/** The hotel's own closed dates, by the name of their calendar. */
import type { Database } from '../postgres/pool.ts'
import type { Sql } from '../postgres/sql.ts'

/** By calendar, then by date ('YYYY-MM-DD'): the reason, '' without one. */
export type ClosedDates = ReadonlyMap<string, ReadonlyMap<string, string>>

/** Calendars by country are a library's: see timing/. */
const COUNTRY = 'holidays:'

/** Those of the calendars named that are the hotel's own. */
export async function readClosedDates(sql: Sql, calendars: readonly string[]): Promise<ClosedDates> {
  const names = [...new Set(calendars)].filter((name) => !name.startsWith(COUNTRY))
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

/** Each of them with the number of its dates. */
export function countCalendars(sql: Sql): Promise<{ name: string; dates: number }[]> {
  return sql.query(
    `select calendar as name, count(*)::int as dates from prefect.closed_dates group by calendar order by calendar`,
  )
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
    await sql.query('delete from prefect.closed_dates where calendar = $1', [calendar])
    await sql.query(
      `insert into prefect.closed_dates (calendar, date, reason, created_by)
       select $1, date, reason, $3 from jsonb_to_recordset($2::jsonb) as x(date date, reason text)
       on conflict (calendar, date) do update set reason = excluded.reason`,
      [calendar, JSON.stringify(rows), by],
    )
  })
}
