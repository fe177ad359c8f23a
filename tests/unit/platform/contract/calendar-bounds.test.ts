import { expect, it } from 'vitest'
import { BookingEvent } from '../../../../src/hotel/bookings/booking.event.ts'
import { HotelDate } from '../../../../src/hotel/words.ts'
import { Instant } from '../../../../src/platform/contract/instant.ts'
import { toInstant } from '../../../../src/platform/time/local-time.ts'

const ZONES = ['Asia/Ho_Chi_Minh', 'Pacific/Kiritimati', 'Pacific/Pago_Pago']

/** Around the first and the last day, written in every way. */
const edges = [
  '1899-12-31',
  '1900-01-01',
  '1900-01-02',
  '1900-01-03',
  '9998-12-29',
  '9998-12-30',
  '9998-12-31',
]
  .concat('9999-01-01')
  .flatMap((date) => ['T00:00:00', 'T12:00:00', 'T23:59:59'].map((time) => date + time))
  .flatMap((wall) => ['', 'Z', '+23:59', '-23:59', '+07:00', '-1200'].map((offset) => wall + offset))

it.each(ZONES)('an instant that is accepted is accepted again as it is kept, in %s', (timezone) => {
  const accepted = edges.filter((text) => Instant.safeParse(text).success)
  expect(accepted.length).toBeGreaterThan(20)
  expect(accepted.length).toBeLessThan(edges.length - 20)
  const kept = accepted.map((text) => toInstant(text, timezone).toISOString())
  expect(kept.filter((text) => !Instant.safeParse(text).success)).toEqual([])
})

it.each([
  ['1900-01-02T00:00:00+23:59', true],
  ['1900-01-01T00:00:00Z', true],
  ['1900-01-01T00:00:00+00:01', false],
  ['9998-12-31T23:59:59Z', true],
  ['9998-12-31T23:59:59-00:01', false],
  ['1900-01-01T12:00:00', false],
  ['9998-12-31T00:00:00', false],
  ['0000-01-01T00:00:00Z', false],
  ['2025-02-30T00:00:00Z', false],
  ['2025-02-28T25:00:00', false],
  ['2025-02-28T23:00:00+25:00', false],
])('of instants, %s: %s', (text, accepted) => {
  expect(Instant.safeParse(text).success).toBe(accepted)
})

it.each([
  ['0000-01-01', false],
  ['1900-01-01', false],
  ['1900-01-02', true],
  ['2024-02-29', true],
  ['2025-02-29', false],
  ['9998-12-30', true],
  ['9999-12-31', false],
])('of dates, %s: %s', (text, accepted) => {
  expect(HotelDate.safeParse(text).success).toBe(accepted)
})

it('names the bounds to whoever sends a date beyond them', () => {
  const room_data = { check_in: '0000-01-01', check_out: '2025-02-03' }
  const event = { booking_id: 'B1', event_type: 'modified', room_data, timestamp: '2025-01-17T10:00:00Z' }
  expect(BookingEvent.safeParse(event).error?.issues).toMatchObject([
    { path: ['room_data', 'check_in'], message: 'must be a date from 1900-01-02 to 9998-12-30' },
  ])
})
