import { z } from 'zod'

/** Also as PostgreSQL and Python write it: a space instead of the T, an offset of hours alone, a leap second. */
const ISO =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(?:(Z)|([+-]\d{2})(?::?(\d{2}))?)?$/i

/** For readers of the OpenAPI document: the years that any instant or day may have. A little more is taken at both ends. */
export const YEARS = '^(190[1-9]|19[1-9][0-9]|[2-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-7])-'

/**
 * An ISO 8601 date and time, kept as the sender wrote it. Without an offset it is local wall-clock time:
 * `time/local-time.ts` turns it into an instant, since only there the timezone is known.
 */
export const Instant = z
  .string()
  .refine(isOnTheCalendar, {
    message: 'must be an ISO 8601 date and time, for example 2025-01-17T08:30:00Z',
  })
  .meta({ format: 'date-time', pattern: YEARS, examples: ['2025-01-17T08:30:00Z'] })

/** An instant of an answer: ISO 8601 in UTC, ending in `Z`. */
export const UtcInstant = z.string().meta({ format: 'date-time' })

/**
 * What every calendar here can hold: a date. For an instant its own bounds are a day wider, since the timezone
 * moves what was written without an offset, and what was accepted once is read again as an instant.
 */
export const isWithinBounds = (date: string): boolean => date >= '1900-01-02' && date <= '9998-12-30'
const EARLIEST = Date.parse('1900-01-01T00:00:00Z')
const AFTER_LATEST = Date.parse('9999-01-01T00:00:00Z')

/** 2025-02-30 parses in JavaScript and is no date: the day must survive a round trip. */
function isOnTheCalendar(text: string): boolean {
  const [, date = '', clock = '', zulu, hours, minutes = '00'] = ISO.exec(text) ?? []
  const day = new Date(`${date}T00:00:00Z`)
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date) return false
  // JavaScript knows no leap second: it is the second after the one before it.
  const [known, leapMs] = clock.startsWith(':60', 5) ? [clock.replace(':60', ':59'), 1000] : [clock, 0]
  const offset = hours === undefined ? 'Z' : `${hours}:${minutes}`
  const at = Date.parse(`${date}T${known}${offset}`) + leapMs
  if (zulu === undefined && hours === undefined) return isWithinBounds(date) && !Number.isNaN(at)
  return at >= EARLIEST && at < AFTER_LATEST
}
