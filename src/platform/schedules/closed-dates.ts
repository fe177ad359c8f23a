/** The hotel's own closed dates, by the name of their calendar. */
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
