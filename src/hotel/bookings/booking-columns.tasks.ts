/** A booking's state as the columns of the hotel's table, and back. */

import { phaseOf } from '../booking-phase.ts'
import type { BookingDetails, BookingState } from './booking.rules.ts'
import type { BookingColumns } from './bookings.sql.ts'

/** A booking without its guest's data. */
export interface BookingFacts {
  phase: ReturnType<typeof phaseOf>
  guestId: string | null
  roomNumber: string | null
  roomType: string | null
  /** 'YYYY-MM-DD'; null: never told. */
  checkIn: string | null
  checkOut: string | null
  /** In the hotel's currency. */
  totalAmount: number | null
}

export function factsOf(state: BookingState | undefined): BookingFacts {
  const columns = columnsOf(state)
  return {
    phase: phaseOf(columns.status),
    guestId: columns.guest_id,
    roomNumber: columns.room_number,
    roomType: columns.room_type,
    checkIn: columns.check_in_date,
    checkOut: columns.check_out_date,
    totalAmount: columns.total_amount,
  }
}

export function columnsOf(state: BookingState | undefined): BookingColumns {
  const { guest_data: guest = {}, room_data: room = {}, ...booking } = state?.details ?? {}
  return {
    status: state?.status ?? null,
    guest_id: guest.guest_id ?? null,
    guest_name: guest.name ?? null,
    guest_email: guest.email ?? null,
    guest_phone: guest.phone ?? null,
    guest_language: guest.language ?? null,
    guest_country: guest.country ?? null,
    room_number: room.room_number ?? null,
    room_type: room.room_type ?? null,
    check_in_date: room.check_in ?? null,
    check_out_date: room.check_out ?? null,
    // As the column keeps it.
    total_amount: room.total_amount == null ? null : Math.round(room.total_amount * 100) / 100,
    payment_status: booking.payment_status ?? null,
    expected_arrival: booking.expected_arrival ?? null,
    vip: booking.vip ?? false,
  }
}

/** Where the details of a booking have what a column says. */
const GUEST = {
  guest_id: 'guest_id',
  guest_name: 'name',
  guest_email: 'email',
  guest_phone: 'phone',
  guest_language: 'language',
  guest_country: 'country',
} as const
const ROOM = {
  room_number: 'room_number',
  room_type: 'room_type',
  check_in_date: 'check_in',
  check_out_date: 'check_out',
  total_amount: 'total_amount',
} as const
const BOOKING = {
  payment_status: 'payment_status',
  expected_arrival: 'expected_arrival',
  vip: 'vip',
} as const

/** What the row says otherwise than what was written last: another program wrote it. Undefined: nothing. */
export function newsIn(
  row: BookingColumns,
  known: BookingState | undefined,
): { details: BookingDetails; status?: string | null } | undefined {
  const written = columnsOf(known)
  const differs = (column: string) =>
    row[column as keyof BookingColumns] !== written[column as keyof BookingColumns]
  if (!Object.keys(written).some(differs)) return undefined
  const told = (fields: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(fields).flatMap(([column, field]) =>
        differs(column) ? [[field, row[column as keyof BookingColumns]]] : [],
      ),
    )
  const details = { ...told(BOOKING), guest_data: told(GUEST), room_data: told(ROOM) }
  return { details, ...(differs('status') ? { status: row.status } : {}) }
}
