/** Cron expressions as croner reads them, on a calendar that has no timezone. */
import { CronDate, CronPattern } from 'croner'

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

/** An offset, not a timezone: croner then knows no clock changes, and asks no Intl. */
const UTC = 0

/** Throws on what croner does not take. */
export function readCron(cron: string): WallClockPattern {
  const pattern = new CronPattern(cron, undefined, { mode: '5-part' })
  const count = (matches: number[]) => matches.filter(Boolean).length
  return {
    isTimeOfDay: count(pattern.minute) === 1 && count(pattern.hour) < 24,
    next: (wallMs) => new CronDate(new Date(wallMs), UTC).increment(pattern, {}, false)?.getTime(),
  }
}
