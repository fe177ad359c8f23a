import { toInstant } from '../time/local-time.ts'
import { invalid } from './problem.ts'

/** A time of a request as an instant; without an offset it is local time. Throws a 422 naming `path`. */
export function localInstant(text: string, timezone: string, path: string): Date
export function localInstant(text: string | undefined, timezone: string, path: string): Date | undefined
export function localInstant(text: string | undefined, timezone: string, path: string): Date | undefined {
  if (text === undefined) return undefined
  const instant = read(text, timezone)
  if (instant === undefined) throw invalid([{ path, message: 'must be an ISO 8601 date and time' }])
  return instant
}

function read(text: string, timezone: string): Date | undefined {
  try {
    const instant = toInstant(text, timezone)
    return Number.isNaN(instant.getTime()) ? undefined : instant
  } catch {
    return undefined
  }
}
