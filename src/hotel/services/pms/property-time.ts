/** Date-times as the property's own clock shows them, 'YYYY-MM-DD HH:MM:SS': what a system without zones speaks. */
const DAY_MS = 86_400_000

export interface PropertyTime {
  /**
   * ISO 8601 in UTC. A text with its offset or Z is taken at its word. A time that the clocks show twice (autumn) is
   * the first of the two, one that they jump over (spring) counts on from before the jump.
   */
  toInstant(text: string): string
  /** What the clock showed from `since` to `until`, wide enough to hold all of it when the clocks changed meanwhile. */
  window(since: Date, until: Date): { from: string; to: string }
}

/** `timezone`: IANA name. Throws RangeError on one that is not known. */
export function createPropertyTime(timezone: string): PropertyTime {
  // Swedish dates are written the way ISO 8601 does; nothing else here is Swedish.
  const clock = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    dateStyle: 'short',
    timeStyle: 'medium',
  })
  const offsetAt = (instantMs: number) =>
    Date.parse(`${clock.format(instantMs).replace(' ', 'T')}Z`) - Math.floor(instantMs / 1000) * 1000

  function instantOf(wallMs: number): number {
    const [before, after] = [offsetAt(wallMs - DAY_MS), offsetAt(wallMs + DAY_MS)]
    const early = wallMs - before
    if (before === after || offsetAt(early) === before) return early
    const late = wallMs - after
    return offsetAt(late) === after ? late : early
  }

  return {
    toInstant(text) {
      const iso = text.replace(' ', 'T')
      const isZoned = /(Z|[+-]\d{2}:?\d{2})$/i.test(iso)
      return new Date(isZoned ? Date.parse(iso) : instantOf(Date.parse(`${iso}Z`))).toISOString()
    },
    window(since, until) {
      const offsets = [offsetAt(since.getTime()), offsetAt(until.getTime())]
      return {
        from: wallText(since.getTime() + Math.min(...offsets)),
        // The clock has whole seconds: the one that has begun belongs to the window.
        to: wallText(Math.ceil((until.getTime() + Math.max(...offsets)) / 1000) * 1000),
      }
    },
  }
}

function wallText(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 19).replace('T', ' ')
}
