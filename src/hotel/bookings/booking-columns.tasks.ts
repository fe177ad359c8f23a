/** A booking's state as the columns of the hotel's table, and back. */

import { phaseOf } from '../booking-phase.ts'
import type { BookingDetails, BookingState } from './booking.rules.ts'
import {
  BOOKING_COLUMNS,
  type BookingColumn,
  type BookingColumns,
  COLUMN_NAMES,
  type ColumnUse,
} from './booking-columns.sql.ts'

/** A booking without its guest's data. */
export interface BookingFacts {
  phase: ReturnType<typeof phaseOf>
  guestId: string | null
  roomNumber: string | null
  roomType: string | null
  /** 'YYYY-MM-DD'; null: never reported. */
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

/** The row that the state is kept as. */
export function columnsOf(state: BookingState | undefined): BookingColumns {
  const details = partsOf(state?.details ?? {})
  const kept = COLUMN_NAMES.map((name) => {
    const column: BookingColumn = BOOKING_COLUMNS[name]
    const reported = column.of === undefined ? state?.status : details[column.of][column.field]
    return [name, asKept(column.use, reported)]
  })
  return Object.fromEntries(kept) as BookingColumns
}

type Parts = Record<NonNullable<BookingColumn['of']>, Record<string, unknown>>

function partsOf({ guest_data = {}, room_data = {}, ...booking }: BookingDetails): Parts {
  return { guest_data, room_data, booking }
}

/** As the column gives it back. */
function asKept(use: ColumnUse, reported: unknown): unknown {
  if (use === 'flag') return reported ?? false
  return typeof reported === 'number' ? Math.round(reported * 100) / 100 : (reported ?? null)
}

/** What the row says otherwise than what was written last: another program wrote it. Undefined: nothing. */
export function newsIn(
  row: BookingColumns,
  known: BookingState | undefined,
): { details: BookingDetails; status?: string | null } | undefined {
  const written = columnsOf(known)
  const news = COLUMN_NAMES.filter((name) => row[name] !== written[name])
  if (news.length === 0) return undefined
  const reported: Parts = { guest_data: {}, room_data: {}, booking: {} }
  for (const name of news) {
    const column: BookingColumn = BOOKING_COLUMNS[name]
    if (column.of !== undefined) reported[column.of][column.field] = row[name]
  }
  const { booking, ...parts } = reported
  const details: BookingDetails = { ...booking, ...parts }
  return { details, ...(news.includes('status') ? { status: row.status } : {}) }
}
