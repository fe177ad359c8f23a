/** The acts of a cancellation, and how each is taken back. */
import { readBooking } from '../db/bookings.ts'
import { inTurn } from '../db/in-turn.ts'
import { requestRefund, withdrawRefund } from '../db/refunds.ts'
import { phaseOf } from '../domain/booking.ts'
import { type CancelRefusal, refusalToCancel } from '../domain/cancellation.ts'
import { justAfter } from '../domain/hotel-time.ts'
import { GiveUp } from '../engine/errors.ts'
import { defineTask, defineTransaction, type Undo } from '../engine/flow.ts'
import { applyBookingChange, bookingLock, undoBookingChange } from './booking-changes.ts'
import type { DatabaseDeps, PmsDeps, UndoDeps } from './deps.ts'
import { CALL_RETRY, STORE_RETRY, UNDO_RETRY } from './retries.ts'

/** A cancellation that nothing speaks against so far. Plain JSON: it is checkpointed. */
export interface CancelPlan {
  bookingId: string
  roomNumber: string | null
  /** Of the booking in the property system; null: there is no property system. */
  propertyStatus: string | null
  /** In the hotel's currency; 0: none. */
  refundAmount: number
  /** ISO 4217. */
  reason: string
  /** The flow's clock, ISO 8601. */
  at: string
}

/** Looks at the booking, here and in the property system. Throws what the property system's port throws. */
export const planCancellation = defineTask<
  DatabaseDeps & PmsDeps,
  Pick<CancelPlan, 'bookingId' | 'refundAmount' | 'reason' | 'at'>,
  { refused: CancelRefusal } | { refused: null; plan: CancelPlan }
>({
  name: 'plan_cancellation',
  retry: CALL_RETRY,
  async run({ database, pms }, asked, { signal }) {
    const { row } = await readBooking(database, asked.bookingId)
    const roomNumber = row?.room_number ?? null
    const booking = row
      ? { phase: phaseOf(row.status), roomNumber, totalAmount: row.total_amount }
      : undefined
    const property = pms ? ((await pms.reservation(asked.bookingId, signal)) ?? null) : undefined
    const refused = refusalToCancel(booking, asked.refundAmount, property)
    if (refused) return { refused }
    return {
      refused: null,
      plan: { ...asked, roomNumber, propertyStatus: property?.status ?? null },
    }
  },
})

/** Nothing to do without a property system, or where it is cancelled already. */
export const cancelInPropertySystem = defineTask<PmsDeps, CancelPlan, { cancelled: boolean }>({
  name: 'cancel_in_property_system',
  retry: CALL_RETRY,
  async run({ pms }, { bookingId, propertyStatus }, { idempotencyKey: key, signal }) {
    if (!pms || propertyStatus === 'cancelled') return { cancelled: false }
    await pms.cancelReservation(bookingId, { key, signal })
    return { cancelled: true }
  },
})

/**
 * Asks how the booking is: the act may or may not have happened. The property system may tell of the cancellation as
 * well, sooner or later; that it was taken back is put on record after it, so that it counts in the end.
 */
export const reinstateInPropertySystem: Undo<UndoDeps & PmsDeps, CancelPlan, { cancelled: boolean }> = {
  name: 'reinstate_in_property_system',
  retry: UNDO_RETRY,
  async run({ database, pms }, { input, actKey }, { idempotencyKey: key, signal, runId, now, log }) {
    const { bookingId, propertyStatus, roomNumber, at } = input
    if (!pms || propertyStatus === 'cancelled') return
    const property = await pms.reservation(bookingId, signal)
    if (property?.status === 'cancelled') await pms.reinstateReservation(bookingId, { key, signal })
    else log('nothing to reinstate')
    const change = {
      ...{ bookingId, at: justAfter(at, now()), key: `${actKey}:undo`, runId },
      act: 'reinstated',
    } as const
    const details = { room_data: { room_number: roomNumber } }
    await inTurn(database, bookingLock(bookingId), (sql) => applyBookingChange(sql, { ...change, details }))
  },
}

interface Changed {
  refused: CancelRefusal | null
}

/** The room is free for others. */
export const releaseBookedRoom = defineTransaction<unknown, CancelPlan, Changed>({
  name: 'release_booked_room',
  lock: ({ bookingId }) => bookingLock(bookingId),
  retry: STORE_RETRY,
  async run(_deps, { bookingId, at }, { sql, runId, idempotencyKey: key }) {
    const details = { room_data: { room_number: null } }
    const change = { bookingId, at: new Date(at), key, act: 'moved', details, runId } as const
    const { applied, phase } = await applyBookingChange(sql, change)
    // Somebody may have cancelled it since, in the property system; that is what was asked for.
    return { refused: (applied && phase === 'open') || phase === 'cancelled' ? null : 'booking_changed' }
  },
})

export const assignBookedRoom: Undo<UndoDeps, CancelPlan, Changed> = {
  name: 'assign_booked_room',
  retry: UNDO_RETRY,
  run: (deps, { input: { bookingId }, actKey: key }, { runId }) =>
    undoBookingChange(deps, { bookingId, key, runId }),
}

const refundId = (idempotencyKey: string) => `refund_${idempotencyKey}`

/** Asks the accounts to pay back; the money itself is theirs. */
export const askForRefund = defineTransaction<unknown, CancelPlan, { refundId: string }>({
  name: 'request_refund',
  retry: STORE_RETRY,
  async run(_deps, { bookingId, refundAmount: amount, reason }, { sql, runId, idempotencyKey }) {
    const id = refundId(idempotencyKey)
    await requestRefund(sql, { id, bookingId, amount, reason, runId })
    return { refundId: id }
  },
})

/** Throws GiveUp `refund_already_paid`: money that is gone is for a person to ask back. */
export const withdrawRefundRequest: Undo<UndoDeps, CancelPlan, { refundId: string }> = {
  name: 'withdraw_refund',
  retry: UNDO_RETRY,
  async run({ database }, { actKey }) {
    const status = await withdrawRefund(database, refundId(actKey))
    if (status === 'paid') throw new GiveUp('refund_already_paid', 'The refund has been paid already.')
  },
}

export const markBookingCancelled = defineTransaction<unknown, CancelPlan, Changed>({
  name: 'mark_booking_cancelled',
  lock: ({ bookingId }) => bookingLock(bookingId),
  retry: STORE_RETRY,
  async run(_deps, { bookingId, at }, { sql, runId, idempotencyKey: key }) {
    const change = { bookingId, at: new Date(at), key, act: 'cancelled', details: {}, runId } as const
    const { phase } = await applyBookingChange(sql, change)
    return { refused: phase === 'cancelled' ? null : 'booking_changed' }
  },
})

export const unmarkBookingCancelled: Undo<UndoDeps, CancelPlan, Changed> = {
  name: 'unmark_booking_cancelled',
  retry: UNDO_RETRY,
  run: (deps, { input: { bookingId }, actKey: key }, { runId }) =>
    undoBookingChange(deps, { bookingId, key, runId }),
}
