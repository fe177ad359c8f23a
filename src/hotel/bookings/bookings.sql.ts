/**
 * The hotel's bookings and guests, and what happened to each booking: its row is its history in order of time. Ids are
 * compared and read as text: in a hotel's own tables they may be numbers.
 */
import { storableJson } from '../../platform/contract/unstorable-text.ts'
import type { Sql } from '../../platform/postgres/sql.ts'
import { type BookingColumns, bookingAsJson, COLUMN_NAMES } from './booking-columns.sql.ts'

export interface BookingHistoryRow {
  /** Milliseconds since the epoch. */
  at: number
  key: string
  /** An event's type, 'moved' or 'snapshot'. */
  act: string
  change: unknown
  refused: string | null
}

export interface KnownBooking {
  row: BookingColumns | null
  history: BookingHistoryRow[]
}

/** The booking's row as it is, and all that happened to it. One round trip. */
export async function readBooking(sql: Sql, bookingId: string): Promise<KnownBooking> {
  const [known] = await sql.query<KnownBooking>(
    `select
       (select ${bookingAsJson('b')}
        from bookings b where b.id::text = $1) as row,
       (select coalesce(json_agg(json_build_object(
          'at', floor(extract(epoch from h.at) * 1000), 'key', h.change_key, 'act', h.event_type,
          'change', h.change, 'refused', h.refused) order by h.at, h.change_key collate "C"), '[]')
        from prefect.booking_history h where h.booking_id = $1) as history`,
    [bookingId],
  )
  return known ?? { row: null, history: [] }
}

export interface NewBookingHistory {
  bookingId: string
  at: Date
  key: string
  act: string
  change: unknown
  refused: string | null
  runId: string
}

/** Kept once per key. */
export async function insertBookingHistory(sql: Sql, row: NewBookingHistory): Promise<void> {
  await sql.query(
    `insert into prefect.booking_history (booking_id, at, change_key, event_type, change, refused, run_id)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (booking_id, change_key) do nothing`,
    [row.bookingId, row.at.toISOString(), row.key, row.act, storableJson(row.change), row.refused, row.runId],
  )
}

/** Another verdict on a change that is kept: an earlier one came late, or a saga took it back. */
export async function setBookingRefusal(
  sql: Sql,
  bookingId: string,
  key: string,
  refused: string | null,
): Promise<void> {
  await sql.query(
    'update prefect.booking_history set refused = $3 where booking_id = $1 and change_key = $2',
    [bookingId, key, refused],
  )
}

/** A booking we did not know. */
export async function insertBooking(sql: Sql, id: string, columns: BookingColumns, at: Date): Promise<void> {
  const places = COLUMN_NAMES.map((_, i) => `$${i + 3}`)
  await sql.query(
    `insert into bookings (id, state_at, updated_at, ${COLUMN_NAMES.join(', ')})
     overriding system value values ($1, $2, clock_timestamp(), ${places.join(', ')})`,
    [id, at.toISOString(), ...COLUMN_NAMES.map((column) => columns[column])],
  )
}

/**
 * Writes the columns that differ and no others: what the hotel's own programs wrote meanwhile stays. With another room
 * a guest who has not arrived is to be notified again when it is ready.
 */
export async function updateBooking(
  sql: Sql,
  id: string,
  was: BookingColumns,
  is: BookingColumns,
  at: Date,
): Promise<void> {
  const changed = COLUMN_NAMES.filter((column) => is[column] !== was[column])
  if (changed.length === 0) return
  const sets = changed.map((column, i) => `${column} = $${i + 3}`)
  if (changed.includes('room_number')) sets.push('guest_notified = false')
  await sql.query(
    `update bookings set state_at = greatest(state_at, $2), updated_at = clock_timestamp(), ${sets.join(', ')}
     where id::text = $1`,
    [id, at.toISOString(), ...changed.map((column) => is[column])],
  )
}

/** What was reported of a guest; a field that was not reported is left out, null says there is none. */
export interface ReportedGuest {
  name?: string | null | undefined
  email?: string | null | undefined
  phone?: string | null | undefined
  language?: string | null | undefined
  country?: string | null | undefined
  channels?: string[] | undefined
}

/** Keeps what was reported at `at`, unless something newer was reported of this guest: then it only adds what is missing. */
export async function upsertGuest(
  sql: Sql,
  guestId: string,
  reported: ReportedGuest,
  at: Date,
): Promise<void> {
  const fields = ['name', 'email', 'phone', 'language', 'country'] as const
  const value = (field: string) =>
    field === 'channels'
      ? `case when jsonb_typeof(reported -> 'channels') = 'array'
           then array(select jsonb_array_elements_text(reported -> 'channels')) end`
      : `reported ->> '${field}'`
  const all = [...fields, 'channels']
  const sets = all.map(
    (field) =>
      `${field} = case when not (reported ? '${field}') then g.${field}
         when g.updated_at is null or g.updated_at <= $3 then ${value(field)}
         else coalesce(g.${field}, ${value(field)}) end`,
  )
  // With what a hotel's own table may require.
  await sql.query(
    `insert into guests (id, name, email, phone) overriding system value values ($1, $2, $3, $4)
     on conflict (id) do nothing`,
    [guestId, reported.name ?? null, reported.email ?? null, reported.phone ?? null],
  )
  await sql.query(
    `update guests g set ${sets.join(', ')}, updated_at = greatest(g.updated_at, $3)
     from (select $2::jsonb as reported) as news where g.id::text = $1`,
    [guestId, JSON.stringify(reported), at.toISOString()],
  )
}

/** Other bookings that have the room in one of the nights from `from` to `to` ('YYYY-MM-DD', `to` excluded). */
export async function bookingsInRoom(
  sql: Sql,
  roomNumber: string,
  nights: { from: string; to: string },
  notBooking: string,
): Promise<{ id: string; status: string | null }[]> {
  return sql.query(
    `select id::text as id, status::text as status from bookings
     where room_number::text = $1 and id::text <> $4
       and check_in_date::date < greatest($3::date, $2::date + 1)
       and greatest(check_out_date::date, check_in_date::date + 1) > $2::date`,
    [roomNumber, nights.from, nights.to, notBooking],
  )
}

/** The booking's row gets the churn risk on record, if both are there. */
export async function showChurnRisk(sql: Sql, bookingId: string): Promise<void> {
  await sql.query(
    `update bookings b set churn_risk = news.risk, churn_predicted_at = news.predicted_at
     from (select predicted_at,
                  case jsonb_typeof(value) when 'number' then value::text::double precision
                    when 'object' then case when jsonb_typeof(value -> 'risk') = 'number'
                                            then (value ->> 'risk')::double precision end end as risk
           from prefect.predictions where prediction_type = 'churn_risk' and subject = 'booking:' || $1) as news
     where b.id::text = $1 and news.risk is not null`,
    [bookingId],
  )
}
