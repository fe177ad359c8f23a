/** What the clocks of a timezone do when they change. Wall-clock times are written as if they were UTC, in milliseconds. */
import { offsetAt } from '../../time/local-time.ts'

export const DAY_MS = 86_400_000

/**
 * The offsets of two days, one before `time` and one after it, be it an instant or a wall-clock time: where they are the
 * same, no clock changes near it, since no timezone changed its offset twice within a week after 1970. They are taken at the
 * ends of UTC's days, so that times of the same day find them kept.
 */
function offsetsAround(time: number, timezone: string): { before: number; after: number } {
  const day = Math.floor(time / DAY_MS) * DAY_MS
  return { before: offsetAt(day - DAY_MS, timezone), after: offsetAt(day + 2 * DAY_MS, timezone) }
}

/** The first instant after `from`, at most a day later, that has another offset. */
export function nextChange(from: number, timezone: string): number | undefined {
  const { before, after } = offsetsAround(from, timezone)
  if (before === after) return undefined
  return changeBetween(from, from + DAY_MS, timezone)
}

function changeBetween(from: number, to: number, timezone: string): number | undefined {
  const before = offsetAt(from, timezone)
  if (offsetAt(to, timezone) === before) return undefined
  let [last, first] = [from, to]
  while (first - last > 1) {
    const middle = Math.floor((last + first) / 2)
    if (offsetAt(middle, timezone) === before) last = middle
    else first = middle
  }
  return first
}

/** The first instant at which the clocks show `wall`, or have jumped over it (`gap`). */
export function reach(wall: number, timezone: string): { at: number; gap: boolean } {
  const { before, after } = offsetsAround(wall, timezone)
  const early = wall - before
  if (before === after || offsetAt(early, timezone) === before) return { at: early, gap: false }
  const late = wall - after
  if (offsetAt(late, timezone) === after) return { at: late, gap: false }
  return { at: changeBetween(late, early, timezone) ?? early, gap: true }
}

/** Of a time that the clocks show twice: which of the two `at` is. */
export function passOf(at: number, timezone: string): 'first' | 'second' | undefined {
  const { before, after } = offsetsAround(at, timezone)
  if (before <= after) return undefined
  const offset = offsetAt(at, timezone)
  // The instant at which the clocks show the same with the other offset, if they do.
  const other = at + offset - (offset === before ? after : before)
  if (offsetAt(other, timezone) === offset) return undefined
  return other < at ? 'second' : 'first'
}
