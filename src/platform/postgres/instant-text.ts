/**
 * A stored instant as the API writes it: ISO 8601 UTC ending in `Z`, milliseconds only where there are any.
 * Numbers are epoch milliseconds, as the engine keeps them.
 */
export function instantText(instant: Date | number): string
export function instantText(instant: Date | number | null | undefined): string | null
export function instantText(instant: Date | number | null | undefined): string | null {
  if (instant === null || instant === undefined) return null
  return new Date(instant).toISOString().replace('.000Z', 'Z')
}

/** Seconds between two instants in epoch milliseconds, to the millisecond; null unless both are known. */
export function secondsBetween(start: number | null, end: number | null): number | null {
  return start === null || end === null ? null : Math.max(0, Math.round(end - start) / 1000)
}
