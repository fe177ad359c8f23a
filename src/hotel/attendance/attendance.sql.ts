/** Attendance rows. Columns are compared as text: in a hotel's own tables ids may be numbers. */
import type { Sql } from '../../platform/postgres/sql.ts'

export interface EmployeeRow {
  name: string
  department: string | null
}

/** Times as PostgreSQL prints them: 'HH:MM:SS'. `day_of_week`: Monday = 0. */
export interface ScheduleRow {
  day_of_week: number
  start_time: string
  end_time: string | null
}

export interface PunchRow {
  id: string
  /** Milliseconds since the epoch. */
  at: number
  action: 'check_in' | 'check_out'
  run_id: string | null
  is_late: boolean
  late_minutes: number
}

/** All that is known around one sighting. `employee` is null when personnel data has no such person. */
export interface AttendanceFacts {
  employee: EmployeeRow | null
  schedule: ScheduleRow[]
  punches: PunchRow[]
}

/** One round trip: the person, the weekly schedule, and the punches 36 hours around `at`, oldest first. */
export async function readAttendance(sql: Sql, employeeId: string, at: Date): Promise<AttendanceFacts> {
  const [facts] = await sql.query<AttendanceFacts>(
    `select
       (select json_build_object('name', e.name, 'department', e.department)
        from employees e where e.id::text = $1 limit 1) as employee,
       (select coalesce(json_agg(json_build_object(
          'day_of_week', s.day_of_week, 'start_time', s.start_time::text, 'end_time', s.end_time::text)), '[]')
        from employee_schedules s
        where s.employee_id::text = $1 and s.day_of_week is not null and s.start_time is not null) as schedule,
       (select coalesce(json_agg(json_build_object(
          'id', p.id::text, 'at', floor(extract(epoch from p.timestamp) * 1000), 'action', p.action,
          'run_id', p.run_id, 'is_late', coalesce(p.is_late, false), 'late_minutes', coalesce(p.late_minutes, 0))
          order by p.timestamp, p.id), '[]')
        from attendance_logs p
        where p.employee_id::text = $1
          and p.timestamp between $2::timestamptz - interval '36 hours' and $2::timestamptz + interval '36 hours')
         as punches`,
    [employeeId, at.toISOString()],
  )
  return facts ?? { employee: null, schedule: [], punches: [] }
}

export interface NewPunch {
  employeeId: string
  at: Date
  action: string
  cameraId: string | null
  confidence: number
  runId: string
  shiftStart: Date | null
  /** 'YYYY-MM-DD', hotel calendar. */
  shiftDate: string | null
  lateMinutes: number
  flags: string[]
}

/** The id of the new row, as text. A second row of the same run is refused by its unique index. */
export async function insertPunch(sql: Sql, punch: NewPunch): Promise<string> {
  const [row] = await sql.query<{ id: string }>(
    `insert into attendance_logs
       (employee_id, timestamp, action, camera_id, confidence, run_id, shift_start, shift_date, is_late, late_minutes,
        flags)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     returning id::text as id`,
    [
      punch.employeeId,
      punch.at.toISOString(),
      punch.action,
      punch.cameraId,
      punch.confidence,
      punch.runId,
      punch.shiftStart?.toISOString() ?? null,
      punch.shiftDate,
      punch.lateMinutes > 0,
      punch.lateMinutes,
      punch.flags,
    ],
  )
  if (!row) throw new Error('attendance_logs did not return the id of the new row')
  return row.id
}

/** An earlier sighting of a logged punch: the row (at `was`) becomes that sighting, its run stays. */
export async function movePunchBack(
  sql: Sql,
  row: { id: string; was: Date },
  earlier: Omit<NewPunch, 'runId' | 'flags' | 'action'>,
): Promise<void> {
  await sql.query(
    `update attendance_logs
     set timestamp = $4, camera_id = $5, confidence = $6, shift_start = $7, shift_date = $8, is_late = $9,
         late_minutes = $10
     where employee_id::text = $1 and timestamp >= $2 and timestamp < $2::timestamptz + interval '1 millisecond'
       and id::text = $3`,
    [
      earlier.employeeId,
      row.was.toISOString(),
      row.id,
      earlier.at.toISOString(),
      earlier.cameraId,
      earlier.confidence,
      earlier.shiftStart?.toISOString() ?? null,
      earlier.shiftDate,
      earlier.lateMinutes > 0,
      earlier.lateMinutes,
    ],
  )
}

/** These check-ins, 36 hours around `at`, are not the first of their shift any more, so they are not late. */
export async function clearLateness(sql: Sql, employeeId: string, at: Date, ids: string[]): Promise<void> {
  await sql.query(
    `update attendance_logs set is_late = false, late_minutes = 0
     where employee_id::text = $1 and id::text = any($3::text[])
       and timestamp between $2::timestamptz - interval '36 hours' and $2::timestamptz + interval '36 hours'`,
    [employeeId, at.toISOString(), ids],
  )
}

export interface Review {
  runId: string
  employeeId: string
  at: Date
  action: string
  cameraId: string | null
  confidence: number
  reason: string
}

/** Keeps an uncertain sighting for a person to judge. Once per run. */
export async function insertReview(sql: Sql, review: Review): Promise<void> {
  await sql.query(
    `insert into prefect.attendance_reviews (run_id, employee_id, timestamp, action, camera_id, confidence, reason)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (run_id) do nothing`,
    [
      review.runId,
      review.employeeId,
      review.at.toISOString(),
      review.action,
      review.cameraId,
      review.confidence,
      review.reason,
    ],
  )
}

/** Whether a person has looked at the run's sighting and taken it for good. */
export async function isAccepted(sql: Sql, runId: string): Promise<boolean> {
  const rows = await sql.query('select from prefect.attendance_reviews where run_id = $1 and accepted', [
    runId,
  ])
  return rows.length > 0
}

/** What a person makes of an uncertain sighting. */
export async function judgeReview(sql: Sql, runId: string, accepted: boolean): Promise<void> {
  await sql.query(
    'update prefect.attendance_reviews set reviewed_at = clock_timestamp(), accepted = $2 where run_id = $1',
    [runId, accepted],
  )
}
