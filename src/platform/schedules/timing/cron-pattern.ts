/** Cron expressions as croner reads them, on a calendar that has no timezone. */
import { CronPattern } from 'croner'
import { matchingDays } from './matching-days.ts'

export interface WallClockPattern {
  /**
   * It stands for hours of the day: at one minute, of some hours but not of all (`30 2 * * *`, `0 9,18 * * mon`, `0 *\/6 * * *`).
   * Anything else (`*\/15 * * * *`, `0 * * * *`, `*\/20 9-17 * * *`) stands for a rhythm.
   */
  isTimeOfDay: boolean
  /**
   * The next time it matches, strictly after `wallMs`: wall-clock times written as if they were UTC, in milliseconds.
   * Undefined: never.
   */
  next(wallMs: number): number | undefined
}

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000]
/** The calendar's longest wait: for a February with five Mondays, over a year like 2100. */
const LONGEST_MONTHS = 41 * 12

/** Throws on what croner does not take. */
export function readCron(cron: string): WallClockPattern {
  const pattern = new CronPattern(cron, undefined, { mode: '5-part' })
  const minutes = indexesOf(pattern.minute)
  const hours = indexesOf(pattern.hour)
  const times = hours.flatMap((hour) => minutes.map((minute) => hour * HOUR_MS + minute * MINUTE_MS))
  const midnights = midnightsOf(pattern)
  return {
    isTimeOfDay: minutes.length === 1 && hours.length < 24,
    next(wallMs) {
      const from = new Date(wallMs)
      const first = from.getUTCFullYear() * 12 + from.getUTCMonth()
      for (let month = first; month <= first + LONGEST_MONTHS; month++) {
        for (const midnight of midnights(month)) {
          if (midnight + DAY_MS <= wallMs) continue
          const time = times.find((each) => midnight + each > wallMs)
          if (time !== undefined) return midnight + time
        }
      }
      return undefined
    },
  }
}

/** Of the days that match in a month, counted from the year 0. The last is kept: one time follows another. */
function midnightsOf(pattern: CronPattern): (month: number) => number[] {
  let last: { month: number; found: number[] } | undefined
  return (month) => {
    if (last?.month === month) return last.found
    const [year, inYear] = [Math.floor(month / 12), month % 12]
    const found = matchingDays(pattern, year, inYear).map((day) => Date.UTC(year, inYear, day))
    last = { month, found }
    return found
  }
}

function indexesOf(matches: readonly number[]): number[] {
  return matches.flatMap((is, index) => (is ? [index] : []))
}
