/** Whether a schedule's blackouts and calendars let it fire. */
import type { Blackout as Declared, ScheduleDefinition } from '../contract/schedule.ts'
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
  if ('days' in blackout || blackout.from.length === 5) return blackout as Blackout
  return { from: toInstant(blackout.from, timezone), to: toInstant(blackout.to, timezone) }
}
