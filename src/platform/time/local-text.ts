import { wallClockAt } from './local-time.ts'

/** An instant as its timezone's clocks show it, with their offset: `2025-01-18T02:00:00+07:00`. */
export function localText(instant: Date, timezone: string): string {
  const { text, offsetMinutes } = wallClockAt(instant, timezone)
  const sign = offsetMinutes < 0 ? '-' : '+'
  const [hours, minutes] = [Math.floor(Math.abs(offsetMinutes) / 60), Math.abs(offsetMinutes) % 60]
  return `${text}${sign}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`
}
