/** What one sighting at the staff door means, given what is logged already. Pure: see `attendance.tasks.ts`. */
import { lateMinutes, nearestShift, type Shift, type WeeklyShift } from './lateness.rules.ts'

const SAME_PUNCH_MS = 2 * 60_000

export type PunchAction = 'check_in' | 'check_out'

/** Two sightings of one person doing one thing at most 2 minutes apart, either way, are one punch. */
export function isSamePunch(a: Date, b: Date): boolean {
  return Math.abs(a.getTime() - b.getTime()) <= SAME_PUNCH_MS
}

/** Both 0..1. Exactly the minimum is enough. */
export function isConfident(confidence: number, minimum: number): boolean {
  return confidence >= minimum
}

/** A punch that is on record. */
export interface LoggedPunch {
  id: string
  at: Date
  action: PunchAction
  /** The run that logged it; null for rows of another writer. */
  runId: string | null
  isLate: boolean
  lateMinutes: number
}

export interface Sighting {
  at: Date
  action: PunchAction
  runId: string
}

export interface AttendanceRules {
  graceMinutes: number
  /** IANA name. */
  timezone: string
}

export interface Judgement {
  /** Undefined: no schedule covers this instant. */
  shift: Shift | undefined
  lateMinutes: number
  /** The row this run wrote before: the sighting is a repeat of itself. */
  own: LoggedPunch | undefined
  /** The row of another sighting of the same punch. */
  same: LoggedPunch | undefined
  /** The sighting is earlier than `same`: the punch happened then, and its row moves back. */
  movesBack: boolean
  /** Late check-ins of this shift that are not its first any more. */
  superseded: LoggedPunch[]
}

/**
 * Judges a sighting against the punches logged around it, whatever the order they arrived in: the earliest check-in
 * of a shift is its first, and only that one can be late.
 */
export function judge(
  sighting: Sighting,
  logged: readonly LoggedPunch[],
  shifts: readonly WeeklyShift[],
  rules: AttendanceRules,
): Judgement {
  const shift = shiftOf(sighting, shifts, rules)
  const own = logged.find((punch) => punch.runId === sighting.runId)
  const same = own ? undefined : nearestSame(sighting, logged)
  const others =
    sighting.action === 'check_in' && shift
      ? logged.filter(
          (punch) =>
            punch !== own &&
            punch !== same &&
            punch.action === 'check_in' &&
            shiftOf(punch, shifts, rules)?.start.getTime() === shift.start.getTime(),
        )
      : []
  const isFirst = others.every((punch) => punch.at.getTime() >= sighting.at.getTime())
  const judged = sighting.action === 'check_in' && shift !== undefined && isFirst
  return {
    shift,
    lateMinutes: judged ? lateMinutes(sighting.at, shift, rules.graceMinutes) : 0,
    own,
    same,
    movesBack: same !== undefined && sighting.at.getTime() < same.at.getTime(),
    superseded: judged ? others.filter((punch) => punch.isLate) : [],
  }
}

function shiftOf(
  punch: Pick<LoggedPunch, 'at' | 'action'>,
  shifts: readonly WeeklyShift[],
  { timezone }: AttendanceRules,
): Shift | undefined {
  return nearestShift(punch.at, shifts, timezone, punch.action === 'check_in' ? 'start' : 'end')
}

function nearestSame(sighting: Sighting, logged: readonly LoggedPunch[]): LoggedPunch | undefined {
  const distance = (punch: LoggedPunch) => Math.abs(punch.at.getTime() - sighting.at.getTime())
  return logged
    .filter((punch) => punch.action === sighting.action && isSamePunch(punch.at, sighting.at))
    .sort((a, b) => distance(a) - distance(b) || a.at.getTime() - b.at.getTime())[0]
}
