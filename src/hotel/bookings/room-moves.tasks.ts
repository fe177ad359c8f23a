/** The acts of a room move on its booking, here and in the property system, and how each is taken back. */
import { type ActToUndo, defineTask, defineTransaction } from '../../platform/engine/flow.ts'
import { CALL_RETRY, STORE_RETRY, UNDO_RETRY } from '../../platform/engine/retries.ts'
import { phaseOf } from '../booking-phase.ts'
import { businessDate } from '../business-date.ts'
import type { DatabaseDeps, HotelDeps, PmsDeps } from '../deps.ts'
import { bookingLock, roomLock } from '../locks.ts'
import { stateOfRow } from '../rooms/room-state.rules.ts'
import { holdRoom, lockRoom, releaseHold } from '../rooms/rooms.sql.ts'
import { applyBookingChange, undoBookingChange } from './booking-changes.tasks.ts'
import { bookingsInRoom, readBooking } from './bookings.sql.ts'
import { type HoldRefusal, type MoveRefusal, refusalToHold, refusalToMove } from './room-move.rules.ts'

/** A move that nothing speaks against so far. Plain JSON: it is checkpointed. */
export interface RoomMovePlan {
  bookingId: string
  fromRoom: string
  toRoom: string
  /** Where the property system has the guest; null: there is no property system. */
  propertyRoom: string | null
  /** The nights to come, 'YYYY-MM-DD'; `to` is the day of departure. */
  nights: { from: string; to: string }
  /** The flow's clock, ISO 8601. */
  at: string
}

/** Looks at the booking, here and in the property system. Throws what the property system's port throws. */
export const planRoomMove = defineTask<
  DatabaseDeps & HotelDeps & PmsDeps,
  { bookingId: string; toRoom: string; fromRoom: string | undefined; at: string },
  { refused: MoveRefusal } | { refused: null; plan: RoomMovePlan }
>({
  name: 'plan_room_move',
  retry: CALL_RETRY,
  async run({ database, hotel, pms }, { bookingId, toRoom, fromRoom, at }, { signal }) {
    const { row } = await readBooking(database, bookingId)
    const booking = row ? { phase: phaseOf(row.status), roomNumber: row.room_number } : undefined
    const property = pms ? ((await pms.reservation(bookingId, signal)) ?? null) : undefined
    const refused = refusalToMove(booking, { fromRoom, toRoom }, property)
    if (refused || !row?.room_number) return { refused: refused ?? 'no_room_assigned' }
    const today = businessDate(new Date(at), hotel)
    const from = row.check_in_date !== null && row.check_in_date > today ? row.check_in_date : today
    const nights = { from, to: row.check_out_date ?? from }
    const propertyRoom = property?.roomNumber ?? null
    return { refused: null, plan: { bookingId, fromRoom: row.room_number, toRoom, propertyRoom, nights, at } }
  },
})

interface Held {
  refused: HoldRefusal | null
}

/** Keeps the new room free for the move, when it can be had. */
export const holdNewRoom = defineTransaction<unknown, RoomMovePlan, Held>({
  name: 'hold_new_room',
  lock: ({ toRoom }) => roomLock(toRoom),
  retry: STORE_RETRY,
  async run(_deps, { bookingId, toRoom, nights }, { sql }) {
    const row = await lockRoom(sql, toRoom)
    const others = await bookingsInRoom(sql, toRoom, nights, bookingId)
    const room = row && { state: stateOfRow(row), heldFor: row.held_for }
    const refused = refusalToHold(room, others) ?? null
    if (!refused) await holdRoom(sql, toRoom, bookingId)
    return { refused }
  },
})

/** Without a result nothing was committed. */
export const releaseNewRoom = defineTransaction<unknown, ActToUndo<RoomMovePlan, Held>, void>({
  name: 'release_new_room',
  lock: ({ input: { toRoom } }) => roomLock(toRoom),
  retry: UNDO_RETRY,
  async run(_deps, { input: { toRoom, bookingId }, result }, { sql }) {
    if (result && result.refused === null) await releaseHold(sql, toRoom, bookingId)
  },
})

/** Nothing to do without a property system, or where somebody moved the guest there by hand. */
export const moveInPropertySystem = defineTask<PmsDeps, RoomMovePlan, { moved: boolean }>({
  name: 'move_in_property_system',
  retry: CALL_RETRY,
  async run({ pms }, { bookingId, propertyRoom, toRoom }, { idempotencyKey: key, signal }) {
    if (!pms || propertyRoom === toRoom) return { moved: false }
    await pms.moveRoom({ bookingId, fromRoom: propertyRoom, toRoom }, { key, signal })
    return { moved: true }
  },
})

/** Asks where the guest is: the act may or may not have happened, and a third room is somebody else's doing. */
export const moveBackInPropertySystem = defineTask<
  PmsDeps,
  ActToUndo<RoomMovePlan, { moved: boolean }>,
  void
>({
  name: 'move_back_in_property_system',
  retry: UNDO_RETRY,
  async run({ pms }, { input: { bookingId, propertyRoom, toRoom } }, { idempotencyKey: key, signal, log }) {
    if (!pms || propertyRoom === null || propertyRoom === toRoom) return
    const now = await pms.reservation(bookingId, signal)
    if (now?.roomNumber !== toRoom) return log('nothing to move back')
    await pms.moveRoom({ bookingId, fromRoom: toRoom, toRoom: propertyRoom }, { key, signal })
  },
})

interface Assigned {
  refused: HoldRefusal | null
  /** The guest is in the house: the rooms change too. */
  inHouse: boolean
}

/** The booking has the new room from now on. */
export const assignNewRoom = defineTransaction<unknown, RoomMovePlan, Assigned>({
  name: 'assign_new_room',
  lock: ({ bookingId }) => bookingLock(bookingId),
  retry: STORE_RETRY,
  async run(_deps, { bookingId, fromRoom, toRoom, at }, { sql, runId, idempotencyKey: key }) {
    const { row } = await readBooking(sql, bookingId)
    // The property system reported the move already: the run of that event sees to the rooms.
    if (row?.room_number === toRoom) return { refused: null, inHouse: false }
    if (row?.room_number !== fromRoom) return { refused: 'booking_changed', inHouse: false }
    const details = { room_data: { room_number: toRoom } }
    const now = await applyBookingChange(sql, {
      ...{ bookingId, at: new Date(at), key, act: 'moved', details, runId },
    })
    const done = now.applied && now.roomNumber === toRoom
    return { refused: done ? null : 'booking_changed', inHouse: now.phase === 'checked_in' }
  },
})

export const assignOldRoom = defineTransaction<unknown, ActToUndo<RoomMovePlan, Assigned>, void>({
  name: 'assign_old_room',
  lock: ({ input: { bookingId } }) => bookingLock(bookingId),
  retry: UNDO_RETRY,
  run: (_deps, { input: { bookingId }, actKey: key }, { sql, runId }) =>
    undoBookingChange(sql, { bookingId, key, runId }),
})
