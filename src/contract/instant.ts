import { z } from 'zod'

const ISO = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/i

/**
 * An ISO 8601 date and time, kept as the sender wrote it. Without an offset it is hotel wall-clock time:
 * `domain/hotel-time.ts` turns it into an instant, since only there the hotel's timezone is known.
 * Source: design contract, "General".
 */
export const Instant = z
  .string()
  .refine((text) => ISO.test(text) && isOnTheCalendar(text), {
    message: 'must be an ISO 8601 date and time, for example 2025-01-17T08:30:00Z',
  })
  .meta({ format: 'date-time', examples: ['2025-01-17T08:30:00Z'] })

/** Whether the text carries its own offset (`Z` or `+07:00`). */
export function hasOffset(text: string): boolean {
  return /(Z|[+-]\d{2}:?\d{2})$/i.test(text)
}

/** 2025-02-30 parses in JavaScript and is no date: the day must survive a round trip. Year 1 to 9999. */
function isOnTheCalendar(text: string): boolean {
  const [date = '', rest = ''] = text.split(/[T ]/i)
  const day = new Date(`${date}T00:00:00Z`)
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date) return false
  if (date < '1900-01-02' || date > '9998-12-30') return false
  const clock = rest.replace(/([+-]\d{2}):?(\d{2})$/, '$1:$2')
  return !Number.isNaN(new Date(`${date}T${hasOffset(text) ? clock.toUpperCase() : `${clock}Z`}`).getTime())
}
