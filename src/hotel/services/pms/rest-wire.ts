/** What a property system answers that speaks the plain REST of docs/pms.md. */
import { z } from 'zod'
import type { Reservation } from './property-system.ts'

const Text = z.string().nullish()

export const RestReservation = z
  .object({
    booking_id: z.string().min(1),
    status: z.enum(['confirmed', 'not_confirmed', 'checked_in', 'checked_out', 'cancelled', 'no_show']),
    guest: z
      .object({
        guest_id: Text,
        name: Text,
        email: Text,
        phone: Text,
        country: z.string().length(2).nullish(),
      })
      .nullish(),
    room_number: Text,
    room_type: Text,
    check_in: z.iso.date(),
    check_out: z.iso.date(),
    total_amount: z.number().nullish(),
    modified_at: z.iso.datetime({ offset: true }),
  })
  .transform(
    ({ guest, ...stay }): Reservation => ({
      bookingId: stay.booking_id,
      status: stay.status,
      guestId: guest?.guest_id || null,
      guestName: guest?.name || null,
      guestEmail: guest?.email || null,
      guestPhone: guest?.phone || null,
      guestCountry: guest?.country || null,
      roomNumber: stay.room_number || null,
      roomType: stay.room_type || null,
      checkIn: stay.check_in,
      checkOut: stay.check_out,
      totalAmount: stay.total_amount ?? null,
      modifiedAt: stay.modified_at,
    }),
  )
const Total = z.number().int().min(0).optional()
export const RestReservations = z.object({ reservations: z.array(RestReservation), total: Total })

const RestRoom = z
  .object({
    room_number: z.string().min(1),
    room_type: Text,
    condition: z.enum(['dirty', 'clean', 'inspected']).nullish(),
    occupied: z.boolean().nullish(),
  })
  .transform(({ room_number: roomNumber, room_type: roomType, condition, occupied }) => ({
    roomNumber,
    roomType: roomType || null,
    condition: condition ?? null,
    occupied: occupied ?? null,
  }))
export const RestRooms = z.object({ rooms: z.array(RestRoom) })
