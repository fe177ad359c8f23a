/** What the clocks of a timezone do when they change. Wall-clock times are written as if they were UTC, in milliseconds. */
import { offsetAt } from '../../time/local-time.ts'

/** No timezone is further from UTC, and none changed its offset twice within so long. */
export const DAY_MS = 86_400_000

/** The first instant after `from`, up to `to`, with another offset than `from`: of at most one change between them. */
export function changeBetween(from: number, to: number, timezone: string): number | undefined {
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
  const before = offsetAt(wall - DAY_MS, timezone)
  const after = offsetAt(wall + DAY_MS, timezone)
  const early = wall - before
  if (before === after || offsetAt(early, timezone) === before) return { at: early, gap: false }
  const late = wall - after
  if (offsetAt(late, timezone) === after) return { at: late, gap: false }
  return { at: changeBetween(late, early, timezone) ?? early, gap: true }
}

/** The clocks showed the same time before, and were put back since. */
export function isSecondPass(at: number, timezone: string): boolean {
  const offset = offsetAt(at, timezone)
  const before = offsetAt(at - DAY_MS, timezone)
  // The instant at which the clocks showed this time with the offset of the day before.
  const earlier = at + offset - before
  return before > offset && offsetAt(earlier, timezone) === before
}
