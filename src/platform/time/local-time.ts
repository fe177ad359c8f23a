/**
 * Wall-clock time of one timezone, and instants. Dates are 'YYYY-MM-DD' in its calendar, times 'HH:MM[:SS]'.
 * Timezones are IANA names; their rules come from the runtime's own data.
 */

const DAY_MS = 86_400_000
const formatters = new Map<string, Intl.DateTimeFormat>()

/** Building a formatter costs a hundred times more than using it. */
function formatterOf(timezone: string): Intl.DateTimeFormat {
  const known = formatters.get(timezone)
  if (known) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    year: 'numeric',
    timeZoneName: 'longOffset',
  })
  formatters.set(timezone, made)
  return made
}

/** What the clocks of the timezone show, written as if it were UTC: milliseconds since the epoch, whole seconds. */
function wallClock(instantMs: number, timezone: string): number {
  return Math.floor(instantMs / 1000) * 1000 + offsetAt(instantMs, timezone)
}

/** Since 1973 no timezone has changed its offset within a quarter of an hour of UTC. */
const STEADY_MS = 900_000
const STEADY_SINCE = Date.UTC(1973, 0, 1)
const MOST_OFFSETS = 10_000
const offsets = new Map<string, number>()

/** How far the clocks are ahead of UTC, in milliseconds. Kept: a hotel asks about the same few days all the time. */
export function offsetAt(instantMs: number, timezone: string): number {
  if (!(instantMs >= STEADY_SINCE)) return offsetOf(instantMs, timezone)
  const quarter = Math.floor(instantMs / STEADY_MS)
  const key = `${quarter} ${timezone}`
  const known = offsets.get(key)
  if (known !== undefined) return known
  if (offsets.size >= MOST_OFFSETS) offsets.clear()
  const offset = offsetOf(quarter * STEADY_MS, timezone)
  offsets.set(key, offset)
  return offset
}

/** '2026, GMT', '2026, GMT-03:30', and with seconds long ago. */
const OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/

function offsetOf(instantMs: number, timezone: string): number {
  const [, sign, hours = '0', minutes = '0', seconds = '0'] =
    OFFSET.exec(formatterOf(timezone).format(instantMs)) ?? []
  const ahead = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
  return sign === '-' ? -ahead : ahead
}

/**
 * A wall-clock time that the clocks jump over (spring) counts on from before the jump: 02:30 becomes 03:30.
 * One that the clocks show twice (autumn) is the first of the two. Both as RFC 5545 and Temporal have it.
 */
function instantOf(wallMs: number, timezone: string): Date {
  const before = offsetAt(wallMs - DAY_MS, timezone)
  const after = offsetAt(wallMs + DAY_MS, timezone)
  const early = wallMs - before
  if (before === after || offsetAt(early, timezone) === before) return new Date(early)
  const late = wallMs - after
  return new Date(offsetAt(late, timezone) === after ? late : early)
}

const ISO =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3})\d*)?)?(?:(Z)|([+-]\d{2})(?::?(\d{2}))?)?$/i

/**
 * An ISO 8601 date and time as an instant, to the millisecond; also as PostgreSQL writes it (`2025-01-17 08:30:00+07`), and
 * a leap second, which is the second after it. Without an offset it is wall-clock time of the timezone, where a
 * time skipped by the clocks moves on by the gap and a time shown twice is the first of the two.
 * Throws RangeError on anything else.
 */
export function toInstant(text: string, timezone: string): Date {
  const match = ISO.exec(text)
  if (!match) throw new RangeError(`"${text}" is not an ISO 8601 date and time`)
  const [, date = '', hour = '', minute = '', second = '00', fraction = '', zulu, hours, minutes = '00'] =
    match
  // JavaScript knows no leap second: it is the second after the one before it.
  const [known, leapMs] = second === '60' ? ['59', 1000] : [second, 0]
  const clock = `${date}T${hour}:${minute}:${known}.${fraction.padEnd(3, '0')}`
  const offset = hours === undefined ? 'Z' : `${hours}:${minutes}`
  const parsed = Date.parse(clock + offset) + leapMs
  if (Number.isNaN(parsed)) throw new RangeError(`"${text}" is not on the calendar`)
  return zulu !== undefined || hours !== undefined ? new Date(parsed) : instantOf(parsed, timezone)
}

/** What the clocks show at `instant`: 'YYYY-MM-DDTHH:MM:SS', and how far they are ahead of UTC. */
export function wallClockAt(instant: Date, timezone: string): { text: string; offsetMinutes: number } {
  const ms = instant.getTime()
  const text = new Date(wallClock(ms, timezone)).toISOString().slice(0, 19)
  return { text, offsetMinutes: Math.round(offsetAt(ms, timezone) / 60_000) }
}

/** The calendar day at `instant`: 'YYYY-MM-DD'. */
export function localDate(instant: Date, timezone: string): string {
  return new Date(wallClock(instant.getTime(), timezone)).toISOString().slice(0, 10)
}

/** Monday = 0 ... Sunday = 6. */
export function dayOfWeek(date: string): number {
  return (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7
}

/** The instant at which the clocks show `time` ('HH:MM' or 'HH:MM:SS') on `date`; DST as in `toInstant`. */
export function atLocal(date: string, time: string, timezone: string): Date {
  return toInstant(`${date}T${time}`, timezone)
}

/** `now`, but not before `at` (ISO 8601): what follows something must not come before it on a clock that runs behind. */
export function justAfter(at: string, now: Date): Date {
  return new Date(Math.max(now.getTime(), Date.parse(at) + 1))
}

/** `date` moved by `days` calendar days, which may be negative. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
}

/** Whole days from one date to another, not below 0. */
export function daysBetween(from: string, to: string): number {
  const days = (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS
  return Math.max(0, Math.round(days))
}
