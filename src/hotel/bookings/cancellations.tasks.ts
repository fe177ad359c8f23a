/** The acts of a cancellation, and how each is taken back. */

import { GiveUp } from '../../platform/engine/errors.ts'
import { type ActToUndo, defineTask, defineTransaction } from '../../platform/engine/flow.ts'
import { CALL_RETRY, STORE_RETRY, UNDO_RETRY } from '../../platform/engine/retries.ts'
import type { Sql } from '../../platform/postgres/sql.ts'
import { justAfter } from '../../platform/time/local-time.ts'
import { phaseOf } from '../booking-phase.ts'
import type { DatabaseDeps, PmsDeps } from '../deps.ts'
import { bookingLock } from '../locks.ts'
import { applyBookingChange, undoBookingChange } from './booking-changes.tasks.ts'
import { claimBooking, hasClaim, releaseClaim } from './booking-claims.sql.ts'
import { readBooking } from './bookings.sql.ts'
import { type CancelRefusal, refusalInWords, refusalToCancel } from './cancellation.rules.ts'
import { otherRefunds, requestRefund, withdrawRefund } from './refunds.sql.ts'

/** A cancellation that nothing speaks against so far. Plain JSON: it is checkpointed. */
export interface CancelPlan {
  bookingId: string
  roomNumber: string | null
  /** Of the booking in the property system; null: there is no property system. */
  propertyStatus: string | null
  /** In the hotel's currency; 0: none. */
  refundAmount: number
  reason: string
  /** The flow's clock, ISO 8601. */
  at: string
}

/** What is asked for, before anything is known of the booking. */
export type CancelRequest = Pick<CancelPlan, 'bookingId' | 'refundAmount' | 'reason' | 'at'>

interface Changed {
  refused: CancelRefusal | null
}

/**
 * Of two runs that cancel a booking one does; the other one is refused before it looks: what it would see is half done.
 * A claim of a run that is over is taken over.
 */
export const claimCancellation = defineTransaction<unknown, CancelRequest, Changed>({
  name: 'claim_booking',
  lock: ({ bookingId }) => bookingLock(bookingId),
  retry: STORE_RETRY,
  async run(_deps, { bookingId }, { sql, runId }) {
    return { refused: (await claimBooking(sql, bookingId, runId)) ? null : 'already_being_cancelled' }
  },
})

export const releaseCancellation = defineTransaction<unknown, ActToUndo<CancelRequest, Changed>, void>({
  name: 'release_claim',
  lock: ({ input: { bookingId } }) => bookingLock(bookingId),
  retry: UNDO_RETRY,
  run: (_deps, { input: { bookingId } }, { sql, runId }) => releaseClaim(sql, bookingId, runId),
})

/** All of it is done: what follows is no part of it, and may wait until the guest's night is over. */
export const endCancellation = defineTransaction<unknown, { bookingId: string }, null>({
  name: 'end_cancellation',
  lock: ({ bookingId }) => bookingLock(bookingId),
  retry: STORE_RETRY,
  async run(_deps, { bookingId }, { sql, runId }) {
    await releaseClaim(sql, bookingId, runId)
    return null
  },
})

/** Looks at the booking, here and in the property system. Throws what the property system's port throws. */
export const planCancellation = defineTask<
  DatabaseDeps & PmsDeps,
  CancelRequest,
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

/**
 * Nothing to do without a property system, or where it is cancelled already. Throws GiveUp (`already_being_cancelled`)
 * where this run was over for others, crashed for example, and one of them has the booking now.
 */
export const cancelInPropertySystem = defineTask<DatabaseDeps & PmsDeps, CancelPlan, { cancelled: boolean }>({
  name: 'cancel_in_property_system',
  retry: CALL_RETRY,
  async run({ database, pms }, { bookingId, propertyStatus }, { idempotencyKey: key, signal, runId }) {
    if (!pms || propertyStatus === 'cancelled') return { cancelled: false }
    await mustHaveClaim(database, bookingId, runId)
    await pms.cancelReservation(bookingId, { key, signal })
    return { cancelled: true }
  },
})

type CancelledThere = ActToUndo<CancelPlan, { cancelled: boolean }>

/**
 * Asks how the booking is: the act may or may not have happened. Throws GiveUp (`already_being_cancelled`) where another
 * run has claimed the booking since: that it is cancelled is then its doing.
 */
export const reinstateInPropertySystem = defineTask<DatabaseDeps & PmsDeps, CancelledThere, void>({
  name: 'reinstate_in_property_system',
  retry: UNDO_RETRY,
  async run({ database, pms }, { input }, { idempotencyKey: key, signal, runId, log }) {
    const { bookingId, propertyStatus } = input
    if (!pms || propertyStatus === 'cancelled') return
    await mustHaveClaim(database, bookingId, runId)
    const property = await pms.reservation(bookingId, signal)
    if (property?.status === 'cancelled') await pms.reinstateReservation(bookingId, { key, signal })
    else log('nothing to reinstate')
  },
})

/**
 * The property system may report the cancellation as well, sooner or later: that it was taken back is put on record after
 * it, so that it counts in the end. Throws GiveUp as above.
 */
export const recordReinstated = defineTransaction<PmsDeps, CancelledThere, void>({
  name: 'record_reinstated',
  lock: ({ input: { bookingId } }) => bookingLock(bookingId),
  retry: UNDO_RETRY,
  async run({ pms }, { input, actKey }, { sql, runId, now }) {
    const { bookingId, propertyStatus, at } = input
    if (!pms || propertyStatus === 'cancelled') return
    await mustHaveClaim(sql, bookingId, runId)
    // A move that was made meanwhile stays; what the property system reported of the cancellation took the room away.
    const { row } = await readBooking(sql, bookingId)
    const details = { room_data: { room_number: row?.room_number ?? input.roomNumber } }
    const change = { bookingId, at: justAfter(at, now()), key: `${actKey}:undo`, details, runId }
    await applyBookingChange(sql, { ...change, act: 'reinstated' })
  },
})

async function mustHaveClaim(sql: Sql, bookingId: string, runId: string): Promise<void> {
  if (await hasClaim(sql, bookingId, runId)) return
  throw new GiveUp('already_being_cancelled', refusalInWords('already_being_cancelled'))
}

/** The room is free for others. */
export const releaseBookedRoom = defineTransaction<unknown, CancelPlan, Changed>({
  name: 'release_booked_room',
  lock: ({ bookingId }) => bookingLock(bookingId),
  retry: STORE_RETRY,
  async run(_deps, { bookingId, at }, { sql, runId, idempotencyKey: key }) {
    if (!(await hasClaim(sql, bookingId, runId))) return { refused: 'already_being_cancelled' }
    const details = { room_data: { room_number: null } }
    const change = { bookingId, at: new Date(at), key, act: 'moved', details, runId } as const
    const { applied, phase } = await applyBookingChange(sql, change)
    // It may have been cancelled since, in the property system; that is what was asked for.
    return { refused: (applied && phase === 'open') || phase === 'cancelled' ? null : 'booking_changed' }
  },
})

export const assignBookedRoom = defineTransaction<unknown, ActToUndo<CancelPlan, Changed>, void>({
  name: 'assign_booked_room',
  lock: ({ input: { bookingId } }) => bookingLock(bookingId),
  retry: UNDO_RETRY,
  run: (_deps, { input: { bookingId }, actKey: key }, { sql, runId }) =>
    undoBookingChange(sql, { bookingId, key, runId }),
})

interface Refund extends Changed {
  refundId: string
}

const refundId = (idempotencyKey: string) => `refund_${idempotencyKey}`

/** Asks the accounts to pay back; the money itself is theirs. In all never more than the booking costs. */
export const askForRefund = defineTransaction<unknown, CancelPlan, Refund>({
  name: 'request_refund',
  lock: ({ bookingId }) => bookingLock(bookingId),
  retry: STORE_RETRY,
  async run(_deps, { bookingId, refundAmount: amount, reason }, { sql, runId, idempotencyKey }) {
    const id = refundId(idempotencyKey)
    const refuse = (refused: CancelRefusal): Refund => ({ refused, refundId: id })
    if (!(await hasClaim(sql, bookingId, runId))) return refuse('already_being_cancelled')
    const { row } = await readBooking(sql, bookingId)
    const total = row?.total_amount ?? null
    if (total !== null && (await otherRefunds(sql, bookingId, id)) + amount > total) {
      return refuse('refund_exceeds_total')
    }
    await requestRefund(sql, { id, bookingId, amount, reason, runId })
    return { refused: null, refundId: id }
  },
})

/** Throws GiveUp `refund_already_paid`: money that is gone is for a person to ask back. */
export const withdrawRefundRequest = defineTransaction<unknown, ActToUndo<CancelPlan, Refund>, void>({
  name: 'withdraw_refund',
  lock: ({ input: { bookingId } }) => bookingLock(bookingId),
  retry: UNDO_RETRY,
  async run(_deps, { actKey }, { sql }) {
    const status = await withdrawRefund(sql, refundId(actKey))
    if (status === 'paid') throw new GiveUp('refund_already_paid', 'The refund has been paid already.')
  },
})

export const markBookingCancelled = defineTransaction<unknown, CancelPlan, Changed>({
  name: 'mark_booking_cancelled',
  lock: ({ bookingId }) => bookingLock(bookingId),
  retry: STORE_RETRY,
  async run(_deps, { bookingId, at }, { sql, runId, idempotencyKey: key }) {
    if (!(await hasClaim(sql, bookingId, runId))) return { refused: 'already_being_cancelled' }
    const change = { bookingId, at: new Date(at), key, act: 'called_off', details: {}, runId } as const
    const { applied } = await applyBookingChange(sql, change)
    return { refused: applied ? null : 'booking_changed' }
  },
})

export const unmarkBookingCancelled = defineTransaction<unknown, ActToUndo<CancelPlan, Changed>, void>({
  name: 'unmark_booking_cancelled',
  lock: ({ input: { bookingId } }) => bookingLock(bookingId),
  retry: UNDO_RETRY,
  run: (_deps, { input: { bookingId }, actKey: key }, { sql, runId }) =>
    undoBookingChange(sql, { bookingId, key, runId }),
})
