/** Whether a schedule's blackouts and calendars let it fire. */
import { type Blackout as Declared, type ScheduleDefinition, WEEKDAYS } from '../contract/schedule.ts'
import { localDate, toInstant } from '../time/local-time.ts'
import type { ClosedDates } from './closed-dates.ts'
import { timezoneOf } from './schedule-row.ts'
import { type Blackout, inBlackout } from './timing/blackouts.ts'
import { closedOn } from './timing/calendars.ts'

export type Closed = { reason: 'blackout' | 'closed_date'; detail: string } | undefined

export async function closedAt(
  definition: Pick<ScheduleDefinition, 'schedule' | 'blackouts' | 'closed_dates'>,
  dates: ClosedDates,
): Promise<(at: Date) => Closed> {
  const { closed_dates: calendars } = definition
  const timezone = timezoneOf(definition)
  const blackouts = definition.blackouts.map((each) => blackoutOf(each, timezone))
  if (blackouts.length === 0 && calendars.length === 0) return () => undefined
  const lookUp = await closedOn(calendars, dates)
  return (at) => {
    const blackout = inBlackout(blackouts, at, timezone)
    if (blackout) return { reason: 'blackout', detail: blackout }
    const closed = lookUp(localDate(at, timezone))
    return closed === undefined ? undefined : { reason: 'closed_date', detail: closed }
  }
}

function blackoutOf(blackout: Declared, timezone: string): Blackout {
  const { from, to } = blackout
  if ('days' in blackout && blackout.days)
    return { from, to, days: blackout.days.map((day) => WEEKDAYS.indexOf(day)) }
  if (from.length === 5) return { from, to }
  return { from: toInstant(from, timezone), to: toInstant(to, timezone) }
}
