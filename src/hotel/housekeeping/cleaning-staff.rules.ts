/** Whose day the cleaning is, as minutes of work. */
import type { Attendant } from './cleaning-plan.rules.ts'

/** Briefing, meal and breaks of a shift. */
const BREAK_MINUTES = 60
const DAY_MINUTES = 24 * 60
const USUAL_SHIFT_MINUTES = 8 * 60

/** 'HH:MM[:SS]'; null: eight hours; at or before the start: it ends the next day. */
export interface CleaningShift {
  employeeId: string
  start: string
  end: string | null
}

/** Everybody once, shifts of a day added up, nobody with more than `shiftMinutes`. */
export function attendantsOf(shifts: readonly CleaningShift[], shiftMinutes: number): Attendant[] {
  const minutes = new Map<string, number>()
  for (const shift of shifts) {
    const worked = Math.max(0, lengthOf(shift) - BREAK_MINUTES)
    minutes.set(shift.employeeId, Math.min(shiftMinutes, (minutes.get(shift.employeeId) ?? 0) + worked))
  }
  return [...minutes].map(([employeeId, minutes]) => ({ employeeId, minutes }))
}

function lengthOf({ start, end }: CleaningShift): number {
  if (end === null) return USUAL_SHIFT_MINUTES
  const length = minuteOf(end) - minuteOf(start)
  return length > 0 ? length : length + DAY_MINUTES
}

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}
