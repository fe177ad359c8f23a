/** The day's cleaning: `prefect.housekeeping_tasks`, one unfinished per room and business date. */

import type { Sql } from '../../platform/postgres/sql.ts'
import type { CleaningKind } from '../rooms/cleaning-orders.rules.ts'
import { UNFINISHED } from '../rooms/cleaning-orders.sql.ts'
import type { RoomColumns } from '../rooms/room-state.rules.ts'
import { ROOM_STATE } from '../rooms/rooms.sql.ts'

export interface CleaningRoomRow extends RoomColumns {
  room_number: string
  floor: number | null
  section: string | null
}

/** Every room of the hotel. */
export function readCleaningRooms(sql: Sql): Promise<CleaningRoomRow[]> {
  return sql.query<CleaningRoomRow>(
    `select room_number::text as room_number, section, ${ROOM_STATE},
            case when floor::text ~ '^-?[0-9]{1,4}$' then floor::text::int end as floor
     from rooms where room_number::text !~ '[[:cntrl:]]' order by room_number::text`,
  )
}

/** Dates 'YYYY-MM-DD'. */
export interface RoomBookingRow {
  room_number: string
  status: string | null
  check_in_date: string
  check_out_date: string
  expected_arrival: Date | null
  vip: boolean
}

/**
 * The bookings that touch a room on the date, by departure: whoever comes, stays or leaves, and up to a week overdue. A
 * guest older than that was forgotten in the books.
 */
export function readRoomBookings(sql: Sql, date: string): Promise<RoomBookingRow[]> {
  return sql.query<RoomBookingRow>(
    `select room_number::text as room_number, status::text as status, check_in_date::date::text as check_in_date,
            check_out_date::date::text as check_out_date, expected_arrival, coalesce(vip, false) as vip
     from bookings
     where room_number is not null and check_in_date <= $1::date and check_out_date >= $1::date - 7
     order by room_number::text, check_out_date, id`,
    [date],
  )
}

export interface CleaningTaskRow {
  id: string
  room_number: string
  kind: CleaningKind
  status: 'open' | 'assigned' | 'in_progress' | 'done'
  assigned_to: string | null
  created_at: Date
  finished_at: Date | null
}

/** The date's tasks but for cancelled ones. Nobody begins or cancels one until the transaction ends. */
export function lockCleaningTasks(sql: Sql, date: string): Promise<CleaningTaskRow[]> {
  return sql.query<CleaningTaskRow>(
    `select id::text as id, room_number, kind, status, assigned_to, created_at, finished_at
     from prefect.housekeeping_tasks
     where business_date = $1 and status <> 'cancelled'
     order by room_number, id for update`,
    [date],
  )
}

/** What the hotel's own log knows of the date's tasks: who began one after it was ordered, and who finished it. */
export async function noteCleaningProgress(sql: Sql, date: string): Promise<void> {
  await sql.query(
    `with tasks as (
       select id, room_number, created_at from prefect.housekeeping_tasks
       where business_date = $1 and status in ${UNFINISHED}
     ), logged as (
       select distinct on (t.id) t.id, l.employee_id::text as employee_id, l.started_at, l.completed_at
       from tasks t join housekeeping_logs l on l.room_number::text = t.room_number and l.started_at >= t.created_at
       where l.started_at >= (select min(created_at) from tasks)
       order by t.id, l.started_at desc
     )
     update prefect.housekeeping_tasks t
     set status = case when l.completed_at is null then 'in_progress' else 'done' end,
         assigned_to = coalesce(l.employee_id, t.assigned_to), started_at = l.started_at, finished_at = l.completed_at
     from logged l where l.id = t.id`,
    [date],
  )
}

/** Times as PostgreSQL prints them: 'HH:MM:SS'. */
export interface AttendantRow {
  employee_id: string
  start_time: string
  end_time: string | null
}

/** Whoever of Housekeeping works on the weekday (Monday = 0). */
export function readAttendants(sql: Sql, dayOfWeek: number): Promise<AttendantRow[]> {
  return sql.query<AttendantRow>(
    `select e.id::text as employee_id, s.start_time::text as start_time, s.end_time::text as end_time
     from employees e join employee_schedules s on s.employee_id::text = e.id::text
     where lower(e.department::text) = 'housekeeping' and s.day_of_week = $1 and s.start_time is not null
     order by e.id, s.start_time`,
    [dayOfWeek],
  )
}

/** One room of the plan; `assigned_to` null: it fits nobody. */
export interface PlannedCleaning {
  task_id: string | null
  room_number: string
  kind: CleaningKind
  minutes: number
  assigned_to: string | null
  position: number | null
}

const PLANNED = `jsonb_to_recordset($1::jsonb) as p(
  task_id bigint, room_number text, kind text, minutes int, assigned_to text, position int)`

/** Tasks that were locked become as planned; a new one that somebody ordered meanwhile keeps the kind it was ordered as. */
export async function writeCleaningPlan(
  sql: Sql,
  plan: readonly PlannedCleaning[],
  { businessDate, runId }: { businessDate: string; runId: string },
): Promise<void> {
  const json = JSON.stringify(plan)
  await sql.query(
    `update prefect.housekeeping_tasks t
     set kind = p.kind, minutes = p.minutes, assigned_to = p.assigned_to, position = p.position,
         status = case when p.assigned_to is null then 'open' else 'assigned' end
     from ${PLANNED} where t.id = p.task_id and t.status in ('open', 'assigned')`,
    [json],
  )
  await sql.query(
    `insert into prefect.housekeeping_tasks as t
       (room_number, business_date, kind, minutes, status, assigned_to, position, reason, run_id)
     select p.room_number, $2, p.kind, p.minutes, case when p.assigned_to is null then 'open' else 'assigned' end,
            p.assigned_to, p.position, 'planned', $3
     from ${PLANNED} where p.task_id is null
     on conflict (room_number, business_date) where status in ${UNFINISHED} do update set
       assigned_to = excluded.assigned_to, position = excluded.position, status = excluded.status
     where t.status <> 'in_progress'`,
    [json, businessDate, runId],
  )
}

/** Not needed any more: `done` by somebody, or `cancelled`. */
export async function closeCleaningTasks(
  sql: Sql,
  over: readonly { taskId: string; status: 'done' | 'cancelled'; reason: string }[],
): Promise<void> {
  await sql.query(
    `update prefect.housekeeping_tasks t
     set status = o.status, reason = o.reason, finished_at = clock_timestamp(),
         assigned_to = case when o.status = 'done' then t.assigned_to end
     from jsonb_to_recordset($1::jsonb) as o("taskId" bigint, status text, reason text)
     where t.id = o."taskId" and t.status in ('open', 'assigned')`,
    [JSON.stringify(over)],
  )
}
