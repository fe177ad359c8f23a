/**
 * The times at which a schedule is due. What the clocks do when they change is decided here:
 *
 *   a time of day (see cron-pattern.ts)   one that the clocks jump over comes once, when they have jumped; those that come to
 *                                         the same instant are one. One that is shown twice comes the first time
 *   any other cron, and intervals         go by elapsed time: what the clocks really show. The hour that is repeated is
 *                                         gone through twice, one that is skipped is not there
 */
import { localText } from '../../time/local-text.ts'
import { offsetAt } from '../../time/local-time.ts'
import { DAY_MS, nextChange, passOf, reach } from './clock-changes.ts'
import { readCron, type WallClockPattern } from './cron-pattern.ts'
import type { Occurrence, Timing } from './timing.ts'

/** 'YYYY-MM-DDTHH:MM:SS' */
const LOCAL_LENGTH = 19
/** An interval has to end somewhere. */
const LAST = Date.UTC(3000, 0, 1)

/** Strictly after `after`: instants strictly increase, keys are unique, every step is bounded. Check the timing first. */
export function occurrencesAfter(timing: Timing, after: Date): Generator<Occurrence> {
  switch (timing.type) {
    case 'cron': {
      const pattern = readCron(timing.cron)
      const walk = pattern.isTimeOfDay ? timesOfDay : elapsedTimes
      return walk(pattern, after.getTime(), timing.timezone)
    }
    case 'interval':
      return intervals(timing, after.getTime())
    case 'once':
      return once(timing, after.getTime())
  }
}

function* timesOfDay(pattern: WallClockPattern, after: number, timezone: string): Generator<Occurrence> {
  let last = after
  let wall = pattern.next(after + offsetAt(after, timezone))
  for (; wall !== undefined; wall = pattern.next(wall)) {
    const { at, gap } = reach(wall, timezone)
    // In a repeated hour these came the first time; in a gap others of the same gap came before.
    if (at <= last) continue
    last = at
    yield { key: wallText(wall), at: new Date(at), ...(gap && { moved: 'gap' as const }) }
  }
}

/** What the clocks really show, from one of their changes to the next. */
function* elapsedTimes(pattern: WallClockPattern, after: number, timezone: string): Generator<Occurrence> {
  let from = after
  let offset = offsetAt(from, timezone)
  let shown = from + offset
  for (;;) {
    const wall = pattern.next(shown)
    if (wall === undefined) return
    const at = wall - offset
    const change = nextChange(from, timezone)
    if (change !== undefined && at >= change) {
      from = change
      offset = offsetAt(from, timezone)
      shown = from + offset - 1
    } else if (at <= from + DAY_MS) {
      from = at
      shown = wall
      yield occurrenceAt(at, timezone)
    } else {
      // Nothing matches before, whatever the clocks do: by two days they cannot be wrong.
      from = Math.max(from + DAY_MS, at - 2 * DAY_MS)
      offset = offsetAt(from, timezone)
      shown = from + offset
    }
  }
}

function* intervals(timing: Timing & { type: 'interval' }, after: number): Generator<Occurrence> {
  const step = timing.every_seconds * 1000
  const anchor = timing.anchor.getTime()
  const passed = Math.floor((after - anchor) / step) + 1
  for (let at = anchor + Math.max(0, passed) * step; at <= LAST; at += step)
    yield occurrenceAt(at, timing.timezone)
}

function* once({ at, timezone }: Timing & { type: 'once' }, after: number): Generator<Occurrence> {
  if (at.getTime() > after) yield occurrenceAt(at.getTime(), timezone)
}

/** At an instant that the clocks show. */
function occurrenceAt(ms: number, timezone: string): Occurrence {
  const at = new Date(ms)
  const text = localText(at, timezone)
  return { key: passOf(ms, timezone) === 'second' ? text : text.slice(0, LOCAL_LENGTH), at }
}

function wallText(wall: number): string {
  return new Date(wall).toISOString().slice(0, LOCAL_LENGTH)
}
