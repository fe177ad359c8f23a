/** Windows in which nothing starts. */
import { addDays, dayOfWeek, wallClockAt } from '../../time/local-time.ts'

/**
 * Daily by the clocks, from a time ('HH:MM') until before another; where `to` is not after `from`, until then on the next
 * day. `days` (Monday = 0) are those on which it begins; all, without. Or between two instants.
 */
export type Blackout = Daily | { from: Date; to: Date }
interface Daily {
  from: string
  to: string
  days?: number[]
}

/** What is in force at `at`, as a short text: 'Blackout 22:00-06:00'. */
export function inBlackout(blackouts: readonly Blackout[], at: Date, timezone: string): string | undefined {
  const found = blackouts.find((blackout) => covers(blackout, at, timezone))
  return found && `Blackout ${textOf(found, timezone)}`
}

function covers(blackout: Blackout, at: Date, timezone: string): boolean {
  if (!isDaily(blackout)) return blackout.from <= at && at < blackout.to
  const { from, to, days } = blackout
  const { text } = wallClockAt(at, timezone)
  const [date, time] = [text.slice(0, 10), text.slice(11, 16)]
  const begins = (day: string) => days === undefined || days.includes(dayOfWeek(day))
  if (from < to) return from <= time && time < to && begins(date)
  return (time >= from && begins(date)) || (time < to && begins(addDays(date, -1)))
}

function isDaily(blackout: Blackout): blackout is Daily {
  return typeof blackout.from === 'string'
}

function textOf(blackout: Blackout, timezone: string): string {
  if (isDaily(blackout)) return `${blackout.from}-${blackout.to}`
  const local = (at: Date) => wallClockAt(at, timezone).text.slice(0, 16).replace('T', ' ')
  return `${local(blackout.from)} to ${local(blackout.to)}`
}
