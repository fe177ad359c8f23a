import { defineFlow, type Flow } from '../../platform/engine/flow.ts'
import type { GuestMessageDeps } from '../messages/guest-messages.tasks.ts'
import { sendGuestNotification } from '../messages/send-guest-notification.flow.ts'
import { BookingEvent } from './booking.event.ts'
import { bookingSubjects, recordAndSettle } from './booking-steps.flow.ts'

/**
 * A new booking: its guest gets a confirmation, once per booking.
 *
 *   record booking ─┬─ not open any more ─ skipped
 *                   └─ send_guest_notification (a run of its own)
 *
 * Fails with `child_failed` when no channel took the confirmation.
 */
export const generateConfirmationEmail = defineFlow({
  name: 'generate_confirmation_email',
  description: 'Send the confirmation of a new booking to its guest',
  parameters: BookingEvent,
  subjects: bookingSubjects,
  estimatedMinutes: 0.3,
  queue: 'events',

  async run(flow: Flow<GuestMessageDeps>, event) {
    const { bookingId: booking_id, phase } = await recordAndSettle(flow, event)
    // Nobody wants a confirmation of what was cancelled meanwhile.
    if (phase !== 'open') return { booking_id, status: 'skipped' as const, reason: `booking_${phase}` }
    const { status, reason, channel } = await flow.child(sendGuestNotification, {
      template: 'booking_confirmation',
      booking_id,
      subject_key: booking_id,
    })
    return { booking_id, status, reason, channel }
  },
})
