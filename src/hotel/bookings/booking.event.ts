import { z } from 'zod'
import { Instant } from '../../platform/contract/instant.ts'
import { requiredWhen } from '../../platform/contract/required-when.ts'
import { defineEvent } from '../../platform/events/define-event.ts'
import { BookingId, GUEST_CHANNELS, GuestId, HotelDate, Language, RoomNumber } from '../words.ts'

export const BOOKING_EVENT_TYPES = [
  'new_booking',
  'modified',
  'cancelled',
  'checked_in',
  'checked_out',
  'no_show',
] as const
export type BookingEventType = (typeof BOOKING_EVENT_TYPES)[number]

export const GuestData = z.object({
  guest_id: GuestId.optional(),
  name: z.string().max(200).optional(),
  email: z.string().max(320).nullable().optional(),
  phone: z.string().max(50).nullable().optional(),
  language: Language.nullable().optional(),
  /** ISO 3166 alpha-2. */
  country: z.string().length(2).nullable().optional(),
  /** The guest's own order of preference. */
  channels: z.array(z.enum(GUEST_CHANNELS)).max(3).optional(),
})

export const RoomData = z.object({
  room_number: RoomNumber.nullable().optional(),
  room_type: z.string().max(100).optional(),
  check_in: HotelDate.optional(),
  check_out: HotelDate.optional().meta({ description: 'Not before check_in' }),
  /** In the hotel's currency: whole VND. */
  total_amount: z.number().min(0).max(1e12).optional(),
})

const ofNewBooking = requiredWhen('event_type', 'new_booking' satisfies BookingEventType, {
  guest_data: 'who comes',
  'room_data.check_in': 'the day of arrival',
  'room_data.check_out': 'the day of departure',
})

/**
 * A booking changed in the property system. Only `new_booking` must tell all of it; the others tell what changed.
 * `timestamp` without an offset is read in the hotel's timezone.
 */
export const BookingEvent = z
  .object({
    booking_id: BookingId,
    event_type: z.enum(BOOKING_EVENT_TYPES, { error: `must be one of ${BOOKING_EVENT_TYPES.join(', ')}` }),
    guest_data: GuestData.optional(),
    room_data: RoomData.optional(),
    payment_status: z.string().max(50).optional(),
    /** When the guest says to arrive; of `new_booking` and `modified`. */
    expected_arrival: Instant.optional(),
    vip: z.boolean().optional(),
    timestamp: Instant,
  })
  .superRefine(ofNewBooking.check)
  .superRefine(({ room_data }, context) => {
    const { check_in: from, check_out: to } = room_data ?? {}
    if (from && to && from > to) {
      const message = 'must not be before check_in'
      context.addIssue({ code: 'custom', path: ['room_data', 'check_out'], message })
    }
  })
  .meta({
    id: 'BookingEvent',
    ...ofNewBooking.jsonSchema,
    description: 'A booking was made, changed, cancelled, checked in or out, or its guest did not come',
    examples: [
      {
        booking_id: 'BOOK001',
        event_type: 'new_booking',
        guest_data: {
          guest_id: 'GUEST001',
          name: 'John Doe',
          email: 'john.doe@email.com',
          phone: '+84-xxx-xxx-xxxx',
        },
        room_data: {
          room_number: '201',
          room_type: 'deluxe',
          check_in: '2025-02-01',
          check_out: '2025-02-03',
          total_amount: 5000000,
        },
        timestamp: '2025-01-17T10:00:00Z',
      },
    ],
  })
export type BookingEvent = z.infer<typeof BookingEvent>

const FLOWS = {
  new_booking: ['predict_churn_risk', 'generate_confirmation_email', 'update_recommendations'],
  modified: ['update_booking'],
  cancelled: ['release_booking'],
  no_show: ['release_booking'],
  checked_in: ['check_in_guest'],
  checked_out: ['check_out_guest'],
} as const satisfies Record<BookingEventType, readonly string[]>

export const booking = defineEvent({
  name: 'booking',
  summary: 'A booking was made, changed, cancelled, checked in or out, or its guest did not come',
  schema: BookingEvent,
  queue: 'booking.events',
  routingKeys: ['booking.#'],
  flows: Object.values(FLOWS).flat(),
  starts: ({ event_type }) => FLOWS[event_type],
  message: ({ event_type }) =>
    event_type === 'new_booking' ? 'New booking event processed' : 'Booking event processed',
})
