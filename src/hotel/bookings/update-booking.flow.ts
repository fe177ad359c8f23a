import { defineFlow, type Flow } from '../../platform/engine/flow.ts'
import type { GuestMessageDeps } from '../messages/guest-messages.tasks.ts'
import { notifyGuest } from '../messages/notify-guest.flow.ts'
import { BookingEvent } from './booking.event.ts'
import { bookingSubjects, outcomeOf, recordAndSettle } from './booking-steps.flow.ts'

/**
 * A booking was changed in the property system.
 *
 *   record ── rooms (of a guest in the house who has another one) ─┬─ other days or kind of room ─ tell the guest
 *                                                                  └─ else ─────────────────────── done
 *
 * A change that is older than what is known changes what it still can, and nobody is notified of what is no longer true.
 */
export const updateBooking = defineFlow({
  name: 'update_booking',
  description: 'Take a changed booking on record; tell its guest when days or kind of room are others',
  parameters: BookingEvent,
  subjects: bookingSubjects,
  estimatedMinutes: 0.2,
  queue: 'events',

  async run(flow: Flow<GuestMessageDeps>, event) {
    const booking = await recordAndSettle(flow, event)
    const { bookingId: booking_id, phase, concernsGuest, changeKey } = booking
    const stillToCome = phase === 'open' || phase === 'checked_in'
    if (!concernsGuest || !stillToCome) return outcomeOf(booking)
    const subject_key = `${booking_id}:${changeKey}`
    return outcomeOf(
      booking,
      await notifyGuest(flow, { template: 'booking_modified', booking_id, subject_key }),
    )
  },
})
