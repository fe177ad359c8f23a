/**
 * The columns of a booking that its history decides, declared once: what each is used as, and which detail of a booking
 * it keeps. The row's type, the SQL that reads and writes it and the way to a booking's details and back follow from it.
 */
import type { BookingDetails } from './booking.rules.ts'

type Guest = NonNullable<BookingDetails['guest_data']>
type Room = NonNullable<BookingDetails['room_data']>
type Others = Omit<BookingDetails, 'guest_data' | 'room_data'>

type Detail =
  | { of: 'guest_data'; field: keyof Guest }
  | { of: 'room_data'; field: keyof Room }
  | { of: 'booking'; field: keyof Others }

/** Without a detail: the status, which the fold itself works out. */
export type BookingColumn = { use: ColumnUse } & (Detail | { of?: undefined })

export const BOOKING_COLUMNS = {
  status: { use: 'word' },
  guest_id: { use: 'id', of: 'guest_data', field: 'guest_id' },
  guest_name: { use: 'text', of: 'guest_data', field: 'name' },
  guest_email: { use: 'text', of: 'guest_data', field: 'email' },
  guest_phone: { use: 'text', of: 'guest_data', field: 'phone' },
  guest_language: { use: 'text', of: 'guest_data', field: 'language' },
  guest_country: { use: 'text', of: 'guest_data', field: 'country' },
  room_number: { use: 'id', of: 'room_data', field: 'room_number' },
  room_type: { use: 'word', of: 'room_data', field: 'room_type' },
  check_in_date: { use: 'day', of: 'room_data', field: 'check_in' },
  check_out_date: { use: 'day', of: 'room_data', field: 'check_out' },
  total_amount: { use: 'amount', of: 'room_data', field: 'total_amount' },
  payment_status: { use: 'word', of: 'booking', field: 'payment_status' },
  expected_arrival: { use: 'moment', of: 'booking', field: 'expected_arrival' },
  vip: { use: 'flag', of: 'booking', field: 'vip' },
} as const satisfies Record<string, BookingColumn>

type Columns = typeof BOOKING_COLUMNS
type Kept<Part> = Extract<Columns[keyof Columns], { of: Part }>['field']

/** Of the details without a column none may be left but these: a guest's channels are kept with the guest. */
type Forgotten =
  | Exclude<keyof Guest, Kept<'guest_data'> | 'channels'>
  | Exclude<keyof Room, Kept<'room_data'>>
  | Exclude<keyof Others, Kept<'booking'>>

type RowOf<_None extends never> = { [Name in keyof Columns]: ValueOf<Columns[Name]['use']> }

/** A booking's row. Dates 'YYYY-MM-DD', instants ISO 8601. */
export type BookingColumns = RowOf<Forgotten>

export const COLUMN_NAMES = Object.keys(BOOKING_COLUMNS) as (keyof BookingColumns)[]

type ValueOf<Use> = Use extends 'flag' ? boolean : (Use extends 'amount' ? number : string) | null

/** How a column is read as what the service compares it with, whatever type the hotel gave it. */
const READ = {
  id: (column: string) => `${column}::text`,
  text: (column: string) => column,
  word: (column: string) => column,
  day: (column: string) => `${column}::date`,
  amount: (column: string) => `round(${column}::numeric, 2)`,
  flag: (column: string) => `coalesce(${column}, false)`,
  moment: (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
} as const
export type ColumnUse = keyof typeof READ

/** SQL: the row of table `alias` as a JSON object. */
export function bookingAsJson(alias: string): string {
  const members = COLUMN_NAMES.map(
    (name) => `'${name}', ${READ[BOOKING_COLUMNS[name].use](`${alias}.${name}`)}`,
  )
  return `json_build_object(${members.join(', ')})`
}
