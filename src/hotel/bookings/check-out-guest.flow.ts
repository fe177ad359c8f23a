import { defineFlow, type Flow } from '../../platform/engine/flow.ts'
import type { GuestMessageDeps } from '../messages/guest-messages.tasks.ts'
import { notifyGuest } from '../messages/notify-guest.flow.ts'
import { BookingEvent } from './booking.event.ts'
import { bookingSubjects, outcomeOf, recordAndSettle } from './booking-steps.flow.ts'

/**
 * A guest has left.
 *
 *   record ─┬─ refused (was never checked in) ─ kept with its reason
 *           └─ checked out ── the room is vacant and dirty, its cleaning is ordered ── thank the guest
 */
export const checkOutGuest = defineFlow({
  name: 'check_out_guest',
  description: 'Take a check-out on record: the room is to be cleaned, the guest is thanked',
  parameters: BookingEvent,
  subjects: bookingSubjects,
  estimatedMinutes: 0.2,
  queue: 'events',

  async run(flow: Flow<GuestMessageDeps>, event) {
    const booking = await recordAndSettle(flow, event)
    if (!booking.applied) return outcomeOf(booking)
    const { bookingId: booking_id } = booking
    const message = { template: 'checkout_thanks', booking_id, subject_key: booking_id } as const
    return outcomeOf(booking, await notifyGuest(flow, message))
  },
})
