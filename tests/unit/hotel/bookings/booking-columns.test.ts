import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BookingDetails, foldBooking } from '../../../../src/hotel/bookings/booking.rules.ts'
import {
  BOOKING_COLUMNS,
  COLUMN_NAMES,
  type ColumnUse,
} from '../../../../src/hotel/bookings/booking-columns.sql.ts'
import { columnsOf, newsIn } from '../../../../src/hotel/bookings/booking-columns.tasks.ts'
import { HOTEL_TABLES } from '../../../../src/hotel/hotel-columns.ts'

const word = fc.string({ minLength: 1, maxLength: 8 })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const nullable = <T>(value: fc.Arbitrary<T>) => maybe(fc.option(value, { nil: null }))
const day = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
const date = day.map((at) => at.toISOString().slice(0, 10))
const details = fc.record({
  guest_data: maybe(
    fc.record({
      ...{ guest_id: maybe(word), name: maybe(word), email: nullable(word), phone: nullable(word) },
      ...{ language: nullable(word), country: nullable(word) },
    }),
  ),
  room_data: maybe(
    fc.record({
      ...{
        room_number: nullable(word),
        room_type: maybe(word),
        check_in: maybe(date),
        check_out: maybe(date),
      },
      total_amount: maybe(fc.double({ min: 0, max: 1e12, noNaN: true })),
    }),
  ),
  payment_status: maybe(word),
  expected_arrival: maybe(day.map((at) => at.toISOString())),
  vip: maybe(fc.boolean()),
}) as fc.Arbitrary<BookingDetails>
const state = fc.option(fc.record({ status: fc.option(word), details }), { nil: undefined })

/** Another program's word in a column, other than any above. */
const OTHER: Record<ColumnUse, unknown> = {
  ...{ id: 'other than known', text: 'other than known', word: 'other than known', day: '1999-12-31' },
  ...{ amount: 1e13, moment: '1999-12-31T00:00:00.000Z' },
  flag: true,
}

describe('the columns of a booking', () => {
  it('are what the hotel’s own table is looked at for, and given where it lacks them', () => {
    for (const name of COLUMN_NAMES) {
      expect(HOTEL_TABLES.bookings?.columns[BOOKING_COLUMNS[name].use], name).toContain(name)
    }
  })

  it('what was written is no news', () => {
    fc.assert(fc.property(state, (known) => newsIn(columnsOf(known), known) === undefined))
  })

  it('what another program writes in any column is news once: taken on record, the row is what is known', () => {
    fc.assert(
      fc.property(details, fc.constantFrom(...COLUMN_NAMES), (told, name) => {
        const made = { at: 1, key: 'a', act: 'new_booking', details: { ...told, vip: false } } as const
        const known = foldBooking([made]).state
        const row = { ...columnsOf(known), [name]: OTHER[BOOKING_COLUMNS[name].use] }
        const news = newsIn(row, known)
        if (!news) throw new Error(`${name} is no news`)
        const now = foldBooking([made, { at: 2, key: 'b', act: 'snapshot', ...news }]).state
        // Another guest begins with a clean sheet; what is left of the old one's is news next time.
        if (name === 'guest_id' && told.guest_data?.guest_id !== undefined) {
          expect(columnsOf(now).guest_id).toBe(row.guest_id)
        } else expect(columnsOf(now)).toEqual(row)
      }),
    )
  })

  it('one that is emptied by another program is empty', () => {
    fc.assert(
      fc.property(details, fc.constantFrom(...COLUMN_NAMES), (told, name) => {
        if (BOOKING_COLUMNS[name].use === 'flag' || name === 'guest_id') return
        const made = { at: 1, key: 'a', act: 'new_booking', details: told } as const
        const known = foldBooking([made]).state
        const row = { ...columnsOf(known), [name]: null }
        const news = newsIn(row, known)
        const changes = news ? [made, { at: 2, key: 'b', act: 'snapshot', ...news } as const] : [made]
        expect(columnsOf(foldBooking(changes).state)).toEqual(row)
      }),
    )
  })
})
