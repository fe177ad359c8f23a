/** What guests asked for: `prefect.guest_requests`, from open to done or cancelled. */
import type { Sql } from '../../platform/postgres/sql.ts'

export interface BookingOfGuestRow {
  id: string
  guest_id: string | null
  room_number: string | null
  status: string | null
}

const COLUMNS = { booking: 'id', guest: 'guest_id', room: 'room_number' } as const

/** The bookings by one of their ids, latest arrival first; 50 at most. */
export function findBookingsBy(
  sql: Sql,
  by: keyof typeof COLUMNS,
  value: string,
): Promise<BookingOfGuestRow[]> {
  return sql.query<BookingOfGuestRow>(
    `select id::text as id, guest_id::text as guest_id, room_number::text as room_number, status::text as status from bookings
     where ${COLUMNS[by]}::text = $1 order by check_in_date desc nulls last, id limit 50`,
    [value],
  )
}

export interface NewGuestRequest {
  id: string
  runId: string
  guestId: string | null
  bookingId: string | null
  roomNumber: string | null
  request: string
  category: string
  department: string
  urgency: string
  /** ISO 8601, as all instants here. */
  at: string
}

export async function insertGuestRequest(sql: Sql, request: NewGuestRequest): Promise<void> {
  await sql.query(
    `insert into prefect.guest_requests
       (id, run_id, guest_id, booking_id, room_number, request, category, department, urgency, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      request.id,
      request.runId,
      request.guestId,
      request.bookingId,
      request.roomNumber,
      request.request,
      request.category,
      request.department,
      request.urgency,
      request.at,
    ],
  )
}

/** Nobody finished it in time. */
export async function markRequestEscalated(sql: Sql, id: string, at: string): Promise<void> {
  await sql.query(
    `update prefect.guest_requests set status = 'escalated', escalated_at = $2 where id = $1 and status = 'open'`,
    [id, at],
  )
}

/** `by` null: not said who. */
export async function markRequestDone(sql: Sql, id: string, by: string | null, at: string): Promise<void> {
  await sql.query(
    `update prefect.guest_requests set status = 'done', finished_at = $3, finished_by = $2
     where id = $1 and status in ('open', 'escalated')`,
    [id, by, at],
  )
}

/** Withdrawn. One that is done stays done. */
export async function markRequestCancelled(sql: Sql, id: string): Promise<void> {
  await sql.query(
    `update prefect.guest_requests set status = 'cancelled', finished_at = clock_timestamp()
     where id = $1 and status in ('open', 'escalated')`,
    [id],
  )
}
