import { defineTransaction } from '../../platform/engine/flow.ts'
import { STORE_RETRY } from '../../platform/engine/retries.ts'
import type { StaffMessageDeps } from '../../platform/notifications/staff-messages.ts'
import type { Sql } from '../../platform/postgres/sql.ts'
import { toInstant } from '../../platform/time/local-time.ts'
import { inHotelTable } from '../hotel-tables.ts'
import type { AttendanceEvent } from './attendance.event.ts'
import { type AttendanceRules, isConfident, type Judgement, judge } from './attendance.rules.ts'
import {
  clearLateness,
  insertPunch,
  insertReview,
  isAccepted,
  movePunchBack,
  type NewPunch,
  readAttendance,
} from './attendance.sql.ts'

/** What the attendance flow and its tasks are given. */
export interface AttendanceDeps extends Pick<StaffMessageDeps, 'database' | 'slack' | 'notified'> {
  /** `minConfidence` 0..1; `graceMinutes` whole minutes; `timezone` the hotel's IANA name. */
  attendance: AttendanceRules & { minConfidence: number }
}

/** A punch on record. Plain JSON: it is checkpointed. */
export interface Punch {
  kind: 'logged'
  /** A number unless the hotel's own table has other ids. */
  logId: number | string
  employeeId: string
  /** Null: not in the personnel data. */
  employeeName: string | null
  department: string | null
  action: 'check_in' | 'check_out'
  isLate: boolean
  lateMinutes: number
  /** 'YYYY-MM-DD', the day the shift starts; null without a schedule. */
  shiftDate: string | null
  /** Another sighting had logged it already: whoever had to be notified was. */
  samePunch: boolean
}

/** The camera was not sure enough: kept for review, not logged as attendance. */
export interface LowConfidence {
  kind: 'low_confidence'
  confidence: number
  /** The setting it fell below. */
  minimum: number
}

interface Logged {
  id: string
  lateMinutes: number
  judgement: Judgement
  employee: { name: string; department: string | null } | null
}

/**
 * Logs one sighting: a new punch, or another sight of one that is logged. Running it again for the same run finds the
 * run's own row. Events may arrive in any order: the lock makes one employee's sightings take turns, and an earlier
 * one corrects what later ones were judged to be. The usual path is two statements.
 */
export const recordPunch = defineTransaction<AttendanceDeps, AttendanceEvent, Punch | LowConfidence>({
  name: 'record_punch',
  lock: (event) => `employee:${event.employee_id}`,
  retry: STORE_RETRY,
  async run({ attendance }, event, { sql, part, runId }) {
    const at = toInstant(event.timestamp, attendance.timezone)
    const sure = await part('validate_attendance_event', async () => {
      if (isConfident(event.confidence, attendance.minConfidence)) return true
      if (await isAccepted(sql, runId)) return true
      const reason = `low_confidence: ${event.confidence} is below ${attendance.minConfidence}`
      await insertReview(sql, { ...sightingOf(event), at, runId, reason })
      return false
    })
    if (!sure) {
      return { kind: 'low_confidence', confidence: event.confidence, minimum: attendance.minConfidence }
    }
    const logged = await part('log_attendance_to_db', () => log(sql, event, at, runId, attendance))
    return part('check_if_late', () => settle(sql, event, at, logged))
  },
})

function sightingOf(
  event: AttendanceEvent,
): Pick<NewPunch, 'employeeId' | 'action' | 'cameraId' | 'confidence'> {
  const { employee_id: employeeId, action, camera_id: cameraId = null, confidence } = event
  return { employeeId, action, cameraId, confidence }
}

/** The row is written with its lateness: judging it first saves a second write. */
async function log(
  sql: Sql,
  event: AttendanceEvent,
  at: Date,
  runId: string,
  rules: AttendanceRules,
): Promise<Logged> {
  const facts = await readAttendance(sql, event.employee_id, at)
  const punches = facts.punches.map(({ id, action, ...row }) => ({
    id,
    action,
    at: new Date(row.at),
    runId: row.run_id,
    isLate: row.is_late,
    lateMinutes: row.late_minutes,
  }))
  const shifts = facts.schedule.map((row) => ({
    dayOfWeek: row.day_of_week,
    start: row.start_time,
    end: row.end_time,
  }))
  const judgement = judge({ at, action: event.action, runId }, punches, shifts, rules)
  const { own, same, shift, lateMinutes, movesBack } = judgement
  const known = own ?? (movesBack ? undefined : same)
  if (known) return { id: known.id, lateMinutes: known.lateMinutes, judgement, employee: facts.employee }
  const row = {
    ...sightingOf(event),
    at,
    shiftStart: shift?.start ?? null,
    shiftDate: shift?.date ?? null,
    lateMinutes,
  }
  const flags = facts.employee ? [] : ['unknown_employee']
  if (same) await movePunchBack(sql, { id: same.id, was: same.at }, row)
  const id = same?.id ?? (await inHotelTable('attendance_logs', insertPunch(sql, { ...row, runId, flags })))
  return { id, lateMinutes, judgement, employee: facts.employee }
}

/** An earlier check-in that arrives late takes the shift's lateness from those that had it. */
async function settle(sql: Sql, event: AttendanceEvent, at: Date, logged: Logged): Promise<Punch> {
  const { id, lateMinutes, judgement, employee } = logged
  const { own, same, superseded, movesBack } = judgement
  const isNews = !own && (!same || movesBack)
  if (isNews && superseded.length > 0) {
    await clearLateness(
      sql,
      event.employee_id,
      at,
      superseded.map((punch) => punch.id),
    )
  }
  return {
    kind: 'logged',
    logId: asNumber(id),
    employeeId: event.employee_id,
    employeeName: employee?.name ?? null,
    department: employee?.department ?? null,
    action: event.action,
    isLate: lateMinutes > 0,
    lateMinutes,
    shiftDate: judgement.shift?.date ?? null,
    samePunch: same !== undefined,
  }
}

function asNumber(id: string): number | string {
  const number = Number(id)
  return /^\d+$/.test(id) && Number.isSafeInteger(number) ? number : id
}
