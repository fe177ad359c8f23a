import {
  type AttendanceDeps,
  type LowConfidence,
  type Punch,
  recordPunch,
} from '../../../../src/hotel/attendance/attendance.tasks.ts'
import type { Database } from '../../../../src/platform/postgres/pool.ts'
import { inTurn } from '../../../support/in-turn.ts'
import { contextOf } from '../../../support/task-context.ts'

export const RULES = { minConfidence: 0.7, graceMinutes: 5, timezone: 'Asia/Ho_Chi_Minh' }

export interface Sighting {
  employee: string
  /** Hotel wall clock. */
  at: string
  action?: 'check_in' | 'check_out'
  confidence?: number
  runId?: string
  /** Where the names of the parts that ran are put. */
  parts?: string[]
  /** Where the statements of the task are put. */
  statements?: string[]
}

export function depsOn(database: Database, slack?: AttendanceDeps['slack']): AttendanceDeps {
  return { attendance: RULES, slack, notified() {}, database }
}

/** Runs `record_punch` as the engine does: one transaction, its lock taken first. */
export function record(database: Database, sighting: Sighting): Promise<Punch | LowConfidence> {
  const {
    employee,
    at,
    action = 'check_in',
    confidence = 0.98,
    runId,
    parts = [],
    statements = [],
  } = sighting
  const event = { employee_id: employee, timestamp: at, action, confidence, camera_id: 'cam_staff_01' }
  const lock = recordPunch.lock?.(event)
  if (lock === undefined) throw new Error('record_punch no longer takes turns')
  return inTurn(database, lock, async (sql) => {
    const context = contextOf('record_punch', runId === undefined ? {} : { runId })
    return recordPunch.run(depsOn(database), event, {
      ...context,
      sql: {
        query: (text, values) => {
          statements.push(text)
          return sql.query(text, values)
        },
      },
      part: async (name, body) => {
        parts.push(name)
        return body()
      },
    })
  })
}

/** The same, for a sighting the camera is sure of. */
export async function punch(database: Database, sighting: Sighting): Promise<Punch> {
  const recorded = await record(database, sighting)
  if (recorded.kind !== 'logged') throw new Error(`not logged: ${recorded.kind}`)
  return recorded
}

export interface LogRow {
  id: string
  is_late: boolean
  late_minutes: number
  shift_date: string | null
  flags: string[]
  run_id: string
}

/** The rows of one employee, oldest punch first. */
export function rowsOf(database: Database, employee: string): Promise<LogRow[]> {
  return database.query<LogRow>(
    `select id::text as id, is_late, late_minutes, shift_date::text as shift_date, flags, run_id
     from attendance_logs where employee_id = $1 order by timestamp, id`,
    [employee],
  )
}

/** A person on one shift, Friday 2025-01-17 unless told: `id` is the employee's id. */
export async function hire(
  database: Database,
  id: string,
  shift?: { day?: number; start: string; end: string | null },
  department = 'Kitchen',
): Promise<void> {
  await database.query('insert into employees (id, name, department) values ($1, $2, $3)', [
    id,
    `Name of ${id}`,
    department,
  ])
  if (!shift) return
  await database.query(
    'insert into employee_schedules (employee_id, day_of_week, start_time, end_time) values ($1, $2, $3, $4)',
    [id, shift.day ?? 4, shift.start, shift.end],
  )
}
