/**
 * Who a message is for, and the booking it is about. Bookings and guests may be the hotel's own rows, of any age; their
 * ids may be numbers, and are compared and read as text.
 */
import type { Sql } from '../../platform/postgres/sql.ts'

export interface RecipientRow {
  booking_id: string | null
  guest_id: string | null
  name: string | null
  email: string | null
  phone: string | null
  language: string | null
  country: string | null
  /** The guest's own order. */
  channels: string[] | null
  opted_out: boolean
  booking_status: string | null
  room_number: string | null
  room_type: string | null
  /** 'YYYY-MM-DD' */
  check_in_date: string | null
  check_out_date: string | null
  total_amount: string | null
}

/**
 * The booking's guest; without a booking the guest himself. What the booking says of its guest goes before what is
 * known of him otherwise, but for the language. Undefined when neither is there.
 */
export async function readRecipient(
  sql: Sql,
  who: { bookingId: string | undefined; guestId: string | undefined },
): Promise<RecipientRow | undefined> {
  const [row] = await sql.query<RecipientRow>(
    `select b.id::text as booking_id, coalesce(g.id::text, b.guest_id::text) as guest_id,
            coalesce(nullif(b.guest_name, ''), g.name) as name,
            coalesce(nullif(b.guest_email, ''), g.email) as email,
            coalesce(nullif(b.guest_phone, ''), g.phone) as phone,
            coalesce(g.language, b.guest_language) as language,
            coalesce(g.country, b.guest_country) as country,
            g.channels, g.opted_out_at is not null as opted_out,
            b.status::text as booking_status, b.room_number::text as room_number, b.room_type::text as room_type,
            b.check_in_date::date::text as check_in_date, b.check_out_date::date::text as check_out_date,
            round(b.total_amount::numeric, 2)::text as total_amount
     from (select $1::text as booking_id, $2::text as guest_id) asked
     left join bookings b on b.id::text = asked.booking_id
     left join guests g on g.id::text = coalesce(b.guest_id::text, asked.guest_id)
     where b.id is not null or g.id is not null`,
    [who.bookingId ?? null, who.guestId ?? null],
  )
  return row
}
