/** What the flows of bookings have in common. */

import type { Flow } from '../../platform/engine/flow.ts'
import type { HotelDeps } from '../deps.ts'
import type { GuestNotificationOutcome } from '../messages/guest-notification.parameters.ts'
import { subjectsOf } from '../subjects.ts'
import type { BookingEvent } from './booking.event.ts'
import type { BookingOnRecord } from './booking-changes.tasks.ts'
import { recordBooking, settleRoom } from './bookings.tasks.ts'

export const bookingSubjects = ({ booking_id, guest_data, room_data }: BookingEvent): string[] =>
  subjectsOf({ booking: booking_id, guest: guest_data?.guest_id, room: room_data?.room_number })

/** The event takes its place in the booking's history, and the rooms follow. */
export async function recordAndSettle(flow: Flow<HotelDeps>, event: BookingEvent): Promise<BookingOnRecord> {
  const booking = await flow.task(recordBooking, event)
  for (const effect of booking.effects) {
    await flow.task(settleRoom, { ...effect, bookingId: booking.bookingId })
  }
  return booking
}

/** What the run of an event answers. `guest_told`: null where there was nothing to notify of. */
export function outcomeOf(
  { bookingId, applied, refused, phase, effects }: BookingOnRecord,
  guestNotified: GuestNotificationOutcome['status'] | null = null,
) {
  return {
    booking_id: bookingId,
    status: applied ? ('completed' as const) : ('refused' as const),
    refused,
    booking: phase,
    rooms: effects.map(({ roomNumber, kind, withdrawn }) => {
      return { room_number: roomNumber, change: withdrawn ? (`${kind}_withdrawn` as const) : kind }
    }),
    guest_told: guestNotified,
  }
}
