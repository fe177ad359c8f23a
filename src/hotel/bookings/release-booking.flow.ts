import { defineFlow, type Flow } from '../../platform/engine/flow.ts'
import type { PmsDeps } from '../deps.ts'
import type { GuestMessageDeps } from '../messages/guest-messages.tasks.ts'
import { notifyGuest } from '../messages/notify-guest.flow.ts'
import { instant } from '../steps.ts'
import { BookingEvent } from './booking.event.ts'
import type { BookingOnRecord } from './booking-changes.tasks.ts'
import { bookingSubjects, outcomeOf, recordAndSettle } from './booking-steps.flow.ts'
import {
  isBeingCancelled,
  isCancelledInPropertySystem,
  recordCancelledAfterAll,
} from './reported-cancellations.tasks.ts'

type ReleaseDeps = GuestMessageDeps & PmsDeps

/**
 * A booking was cancelled in the property system, or its guest did not come: its room is free for others.
 *
 *   record ─┬─ refused (the guest is in the house, or has left) ─ kept with its reason
 *           ├─ we took a cancellation back a moment ago ─ is it cancelled there? ─┬─ no ── it is the one taken back
 *           │                                                                     └─ yes ─ released
 *           └─ released ─┬─ cancelled ─ tell the guest, unless `cancel_booking` does
 *                        └─ no show ─── done
 */
export const releaseBooking = defineFlow({
  name: 'release_booking',
  description: 'Release the room of a booking that was cancelled or whose guest did not come',
  parameters: BookingEvent,
  subjects: bookingSubjects,
  estimatedMinutes: 0.2,
  queue: 'events',

  async run(flow: Flow<ReleaseDeps>, event) {
    const recorded = await recordAndSettle(flow, event)
    const booking = recorded.refused === 'taken_back' ? await askAgain(flow, recorded) : recorded
    const { bookingId, applied, phase, phaseBefore } = booking
    if (!applied || phase !== 'cancelled' || event.event_type !== 'cancelled') return outcomeOf(booking)
    if (phaseBefore === 'cancelled') return outcomeOf(booking)
    if ((await flow.task(isBeingCancelled, { bookingId })).is) return outcomeOf(booking)
    const message = { template: 'booking_cancelled', booking_id: bookingId, subject_key: bookingId } as const
    return outcomeOf(booking, await notifyGuest(flow, message))
  },
})

/** The property system reports what `cancel_booking` did there and took back, or of another cancellation: it knows. */
async function askAgain(flow: Flow<ReleaseDeps>, booking: BookingOnRecord): Promise<BookingOnRecord> {
  const { bookingId, changeKey: key } = booking
  if (!(await flow.task(isCancelledInPropertySystem, { bookingId })).is) return booking
  return flow.task(recordCancelledAfterAll, { bookingId, key, at: await instant(flow) })
}
