/** The guests who wait for their room. */
import type { Sql } from '../../platform/postgres/sql.ts'

export interface WaitingBooking {
  id: string
}

/**
 * Who arrives on `businessDate` ('YYYY-MM-DD') in this room, has not come yet and was not told that it is ready. Only a
 * confirmed arrival: the hotel's other words for a booking to come are not certain enough to write to a guest about.
 */
export async function findWaitingBooking(
  sql: Sql,
  roomNumber: string,
  businessDate: string,
): Promise<WaitingBooking | undefined> {
  const rows = await sql.query<WaitingBooking>(
    `select id::text as id from bookings
     where room_number::text = $1 and check_in_date::date = $2::date and lower(status::text) = 'confirmed'
       and guest_notified is not true
     order by id limit 1`,
    [roomNumber, businessDate],
  )
  return rows[0]
}

/** False: there is no such booking any more. */
export async function markNotified(sql: Sql, bookingId: string): Promise<boolean> {
  const rows = await sql.query(
    `update bookings set guest_notified = true, notification_sent_at = now() where id::text = $1 returning 1`,
    [bookingId],
  )
  return rows.length > 0
}
