import { BookingEvent } from '../../contract/booking-event.ts'
import { defineFlow, type Flow } from '../../engine/flow.ts'
import type { GuestMessageDeps } from '../../tasks/guest-messages.ts'
import { tellGuest } from '../guests/tell-guest.ts'
import { bookingSubjects, outcomeOf, recordAndSettle } from './booking-steps.ts'

/**
 * A booking was cancelled in the property system, or its guest did not come: its room is free for others.
 *
 *   record ─┬─ refused (the guest is in the house, or has left) ─ kept with its reason
 *           └─ released ─┬─ cancelled ─ tell the guest
 *                        └─ no show ─── done
 */
export const releaseBooking = defineFlow({
  name: 'release_booking',
  description: 'Release the room of a booking that was cancelled or whose guest did not come',
  parameters: BookingEvent,
  subjects: bookingSubjects,
  estimatedMinutes: 0.2,
  queue: 'events',

  async run(flow: Flow<GuestMessageDeps>, event) {
    const booking = await recordAndSettle(flow, event)
    const { bookingId: booking_id, applied, phase } = booking
    if (!applied || phase !== 'cancelled' || event.event_type !== 'cancelled') return outcomeOf(booking)
    const message = { template: 'booking_cancelled', booking_id, subject_key: booking_id } as const
    return outcomeOf(booking, await tellGuest(flow, message))
  },
})
