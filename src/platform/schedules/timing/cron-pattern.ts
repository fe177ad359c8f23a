/** Cron expressions as croner reads them, on a calendar that has no timezone. */
import { Cron, CronPattern } from 'croner'

export interface WallClockPattern {
  /**
   * It stands for hours of the day: at one minute, of some hours but not of all (`30 2 * * *`, `0 9,18 * * mon`, `0 *\/6 * * *`).
   * Anything else (`*\/15 * * * *`, `0 * * * *`, `*\/20 9-17 * * *`) stands for a rhythm.
   */
  isTimeOfDay: boolean
  /**
   * The next time it matches, strictly after `wallMs`: wall-clock times written as if they were UTC, in milliseconds.
   * Undefined: none within 400 years, or before the year 3000.
   */
  next(wallMs: number): number | undefined
}

const OPTIONS = { mode: '5-part' } as const

/** Throws on what croner does not take. */
export function readCron(cron: string): WallClockPattern {
  const { minute, hour } = new CronPattern(cron, undefined, OPTIONS)
  const count = (matches: number[]) => matches.filter(Boolean).length
  // An offset, not a timezone: croner then never asks Intl, and knows no clock changes.
  const matcher = new Cron(cron, { ...OPTIONS, utcOffset: 0 })
  return {
    isTimeOfDay: count(minute) === 1 && count(hour) < 24,
    next: (wallMs) => matcher.nextRun(new Date(wallMs))?.getTime(),
  }
}
