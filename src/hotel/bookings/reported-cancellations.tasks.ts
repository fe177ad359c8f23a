/** What the property system's word that a booking is cancelled means: our own act, its echo, or news. */

import { defineTask, defineTransaction } from '../../platform/engine/flow.ts'
import { CALL_RETRY, STORE_RETRY } from '../../platform/engine/retries.ts'
import type { PmsDeps } from '../deps.ts'
import { bookingLock } from '../locks.ts'
import { applyBookingChange, type BookingOnRecord } from './booking-changes.tasks.ts'
import { isClaimed } from './booking-claims.sql.ts'

/** Whether `cancel_booking` is at work on it: that run notifies the guest, when all of it is done. */
export const isBeingCancelled = defineTransaction<unknown, { bookingId: string }, { is: boolean }>({
  name: 'is_being_cancelled',
  retry: STORE_RETRY,
  run: async (_deps, { bookingId }, { sql }) => ({ is: await isClaimed(sql, bookingId) }),
})

/** What the property system says itself; without one it says nothing. */
export const isCancelledInPropertySystem = defineTask<PmsDeps, { bookingId: string }, { is: boolean }>({
  name: 'is_cancelled_in_property_system',
  retry: CALL_RETRY,
  async run({ pms }, { bookingId }, { signal }) {
    return { is: (await pms?.reservation(bookingId, signal))?.status === 'cancelled' }
  },
})

/** A cancellation that was taken for the echo of one taken back, and is not. `key`: of the event that reported it. */
export const recordCancelledAfterAll = defineTransaction<
  unknown,
  { bookingId: string; key: string; at: string },
  BookingOnRecord
>({
  name: 'record_cancelled_after_all',
  lock: ({ bookingId }) => bookingLock(bookingId),
  retry: STORE_RETRY,
  run: (_deps, { bookingId, key, at }, { sql, runId }) =>
    applyBookingChange(sql, {
      ...{ bookingId, at: new Date(at), key: `${key}:after_all`, details: {}, runId },
      act: 'called_off',
    }),
})
