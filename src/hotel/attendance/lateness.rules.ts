/** Which shift a punch belongs to, and how late it is. */
import { addDays, atLocal, dayOfWeek, localDate } from '../../platform/time/local-time.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const WINDOW_MS = 4 * HOUR_MS
const USUAL_SHIFT_MS = 8 * HOUR_MS

/** One row of an employee's week. Times are hotel wall clock, 'HH:MM[:SS]'. */
export interface WeeklyShift {
  /** Monday = 0: the day the shift starts. */
  dayOfWeek: number
  start: string
  /** At or before `start`: the shift ends the next day. Null: it lasts 8 hours. */
  end: string | null
}

/** A shift on one date. */
export interface Shift {
  /** 'YYYY-MM-DD', the day the shift starts. */
  date: string
  start: Date
  end: Date
}

/**
 * The shift a punch belongs to: among those starting on the day before, the day and the day after whose window
 * [start - 4 h, end + 4 h] (inclusive) holds the instant, the one whose `edge` is nearest. People check in around a
 * start and check out around an end, so that is the edge to give. Equally near: the one that starts earlier.
 */
export function nearestShift(
  instant: Date,
  shifts: readonly WeeklyShift[],
  timezone: string,
  edge: 'start' | 'end' = 'start',
): Shift | undefined {
  const at = instant.getTime()
  const today = localDate(instant, timezone)
  return [-1, 0, 1]
    .flatMap((days) => shiftsOn(addDays(today, days), shifts, timezone))
    .filter(({ start, end }) => at >= start.getTime() - WINDOW_MS && at <= end.getTime() + WINDOW_MS)
    .map((shift) => ({ shift, distance: Math.abs(at - shift[edge].getTime()) }))
    .sort((a, b) => a.distance - b.distance || a.shift.start.getTime() - b.shift.start.getTime())[0]?.shift
}

function shiftsOn(date: string, shifts: readonly WeeklyShift[], timezone: string): Shift[] {
  const day = dayOfWeek(date)
  return shifts
    .filter((shift) => shift.dayOfWeek === day)
    .map((shift) => {
      const start = atLocal(date, shift.start, timezone)
      return { date, start, end: endOf(shift, date, start, timezone) }
    })
}

function endOf(shift: WeeklyShift, date: string, start: Date, timezone: string): Date {
  if (shift.end === null) return new Date(start.getTime() + USUAL_SHIFT_MS)
  const overnight = seconds(shift.end) <= seconds(shift.start)
  return atLocal(overnight ? addDays(date, 1) : date, shift.end, timezone)
}

function seconds(time: string): number {
  const [hours = 0, minutes = 0, rest = 0] = time.split(':').map(Number)
  return hours * 3600 + minutes * 60 + rest
}

/**
 * Whole minutes late, counted from the start of the shift. At most `graceMinutes` late, to the second, is 0; beyond
 * it the full minutes count, the grace included.
 */
export function lateMinutes(instant: Date, shift: Pick<Shift, 'start'>, graceMinutes: number): number {
  // Whole seconds: a shift starts on a second, and a camera's milliseconds must not make anyone late.
  const late = Math.floor((instant.getTime() - shift.start.getTime()) / 1000) * 1000
  return late <= graceMinutes * MINUTE_MS ? 0 : Math.floor(late / MINUTE_MS)
}
