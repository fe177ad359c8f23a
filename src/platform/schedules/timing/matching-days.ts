/**
 * The days of a month that a cron pattern matches, as croner matches them. Croner itself goes through every month from its first
 * day again for each `#` and `L`, which a preview of a thousand times cannot wait for; a test holds the two together.
 */
import type { CronPattern } from 'croner'

/** croner's bits of a weekday: its first to fifth in the month, its last. */
const LAST = 32

/** `month` counts from 0. In order. */
export function matchingDays(pattern: CronPattern, year: number, month: number): number[] {
  if (!pattern.month[month]) return []
  const length = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  const first = new Date(Date.UTC(year, month, 1)).getUTCDay()
  const weekdayOf = (day: number) => (first + day - 1) % 7
  const named = new Set(pattern.nearestWeekdays.flatMap((is, i) => (is ? nearestWorkday(i + 1) : [])))
  if (pattern.lastDayOfMonth) named.add(length)
  if (pattern.lastWeekday) named.add(nearestWorkday(length))

  const inMonth = (day: number) => Boolean(pattern.day[day - 1]) || named.has(day)
  const inWeek = (day: number) => {
    const nth = 1 << Math.floor((day - 1) / 7)
    const last = day + 7 > length ? LAST : 0
    return ((pattern.dayOfWeek[weekdayOf(day)] ?? 0) & (nth | last)) !== 0
  }
  const matches = (day: number) => {
    if (pattern.starDOW) return inMonth(day)
    return pattern.starDOM ? inWeek(day) : inMonth(day) || inWeek(day)
  }
  return Array.from({ length }, (_, i) => i + 1).filter(matches)

  /** Monday to Friday, within the month. A day that the month does not have stays one. */
  function nearestWorkday(day: number): number {
    if (day > length) return day
    if (weekdayOf(day) === 0) return day === length ? day - 2 : day + 1
    if (weekdayOf(day) === 6) return day === 1 ? day + 2 : day - 1
    return day
  }
}
