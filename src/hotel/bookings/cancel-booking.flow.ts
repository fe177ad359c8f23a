import { z } from 'zod'
import { FlowFailure } from '../../platform/engine/errors.ts'
import { defineFlow, type Flow, type Saga } from '../../platform/engine/flow.ts'
import type { StaffMessageDeps } from '../../platform/notifications/staff-messages.ts'
import type { DatabaseDeps, PmsDeps } from '../deps.ts'
import type { GuestMessageDeps } from '../messages/guest-messages.tasks.ts'
import { notifyGuest } from '../messages/notify-guest.flow.ts'
import { instant } from '../steps.ts'
import { subjectsOf } from '../subjects.ts'
import { BookingId } from '../words.ts'
import { type CancelRefusal, refusalInWords } from './cancellation.rules.ts'
import {
  askForRefund,
  assignBookedRoom,
  type CancelRequest,
  cancelInPropertySystem,
  claimCancellation,
  endCancellation,
  markBookingCancelled,
  planCancellation,
  recordReinstated,
  reinstateInPropertySystem,
  releaseBookedRoom,
  releaseCancellation,
  unmarkBookingCancelled,
  withdrawRefundRequest,
} from './cancellations.tasks.ts'
import { orAlert } from './or-alert.flow.ts'

const Cancellation = z
  .object({
    booking_id: BookingId,
    reason: z.string().trim().min(1).max(500),
    /** In the hotel's currency, at most what the booking costs. Default: no refund. */
    refund_amount: z.number().min(0).max(1e12).default(0),
  })
  .meta({ examples: [{ booking_id: 'BOOK001', reason: 'flight cancelled', refund_amount: 5000000 }] })

type CancelDeps = GuestMessageDeps & StaffMessageDeps & DatabaseDeps & PmsDeps

/**
 * The hotel cancels a booking: all of it, or none of it.
 *
 *   claim it ── plan ── cancel in the property system ── release the room ── ask for the refund ── mark the booking ─┐
 *   tell the guest ◄──────────────────────────────────────────────────────────────────────────────────────────────────┘
 *
 * Of two runs for one booking the second one is refused (`already_being_cancelled`) before it touches anything.
 * Whatever fails, or a cancel of this run, takes back all that was done, last first. What cannot be taken back flags the
 * run and goes to the duty manager. Refused cancellations fail with the reason as code (`guest_is_checked_in`, ...).
 * The guest is notified when all is done: a message that fails does not undo it.
 */
export const cancelBooking = defineFlow({
  name: 'cancel_booking',
  description:
    'Cancel a booking with its room and refund, in the property system and here, or undo all of it',
  parameters: Cancellation,
  subjects: ({ booking_id }) => subjectsOf({ booking: booking_id }),
  estimatedMinutes: 0.5,
  queue: 'events',

  async run(flow: Flow<CancelDeps>, { booking_id, reason, refund_amount }) {
    const at = await instant(flow)
    const asked = { bookingId: booking_id, refundAmount: refund_amount, reason, at }
    const saga = flow.saga((acts) => cancel(flow, acts, asked))
    const refund_id = await orAlert(flow, saga, { what: 'The cancellation', bookingId: booking_id })
    await flow.task(endCancellation, { bookingId: booking_id })
    flow.log('cancelled', { booking: booking_id, refund: refund_id })
    const guest_told = await notifyGuest(flow, {
      template: 'booking_cancelled',
      booking_id,
      // The property system may have reported the cancellation, and the guest been notified, but not of the refund.
      subject_key: refund_id ?? booking_id,
      ...(refund_id === null ? {} : { variables: { refund_amount: String(refund_amount) } }),
    })
    return { booking_id, status: 'cancelled' as const, refund_id, guest_told }
  },
})

/** Returns the id of the refund request; null: none was asked for. */
async function cancel(
  flow: Flow<CancelDeps>,
  saga: Saga<CancelDeps>,
  asked: CancelRequest,
): Promise<string | null> {
  refuse(await saga.act(claimCancellation, asked, releaseCancellation), 'claim_booking')
  const planned = await flow.task(planCancellation, asked)
  refuse(planned, 'plan_cancellation')
  const { plan } = planned
  await saga.act(cancelInPropertySystem, plan, reinstateInPropertySystem, recordReinstated)
  if (plan.roomNumber !== null) {
    refuse(await saga.act(releaseBookedRoom, plan, assignBookedRoom), 'release_booked_room')
  }
  const refund = plan.refundAmount > 0 ? await saga.act(askForRefund, plan, withdrawRefundRequest) : null
  if (refund) refuse(refund, 'request_refund')
  refuse(await saga.act(markBookingCancelled, plan, unmarkBookingCancelled), 'mark_booking_cancelled')
  return refund?.refundId ?? null
}

function refuse<Answer extends { refused: CancelRefusal | null }>(
  answer: Answer,
  task: string,
): asserts answer is Answer & { refused: null } {
  if (answer.refused) throw new FlowFailure(answer.refused, refusalInWords(answer.refused), task)
}
