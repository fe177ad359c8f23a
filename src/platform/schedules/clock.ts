import type { Sql } from '../postgres/sql.ts'

/** A hotel's own clock, where it goes faster than the world's: `pace` of its seconds in one. */
export interface HotelClock {
  now(): Date
  pace: number
}

/**
 * SQL: the time that schedules go by: the value bound as `$n`, of a hotel with a clock of its own, else the database's.
 * A machine's clock may be hours off.
 */
export const timeOr = (n: number) => `coalesce($${n}::timestamptz, clock_timestamp())`

export async function timeOf(sql: Sql, clock: HotelClock | undefined): Promise<Date> {
  if (clock) return clock.now()
  const [row] = await sql.query<{ now: Date }>('select clock_timestamp() as now')
  return row?.now ?? new Date()
}
