/** The acts of a room move, and how each is taken back. */

import { type ActToUndo, defineTask, defineTransaction } from '../../platform/engine/flow.ts'
import { CALL_RETRY, STORE_RETRY, UNDO_RETRY } from '../../platform/engine/retries.ts'
import type { Sql } from '../../platform/postgres/sql.ts'
import { justAfter } from '../../platform/time/local-time.ts'
import { phaseOf } from '../booking-phase.ts'
import { businessDate } from '../business-date.ts'
import type { DatabaseDeps, HotelDeps, PmsDeps } from '../deps.ts'
import { bookingLock, roomLock } from '../locks.ts'
import type { CleaningKind } from '../rooms/cleaning-orders.rules.ts'
import { cancelCleaning, orderCleaning } from '../rooms/cleaning-orders.tasks.ts'
import { applyRoomChange, type RoomChangeRequest } from '../rooms/room-changes.tasks.ts'
import { type Housekeeping, stateOfRow } from '../rooms/room-state.rules.ts'
import { holdRoom, lockRoom, type RoomRow, releaseHold } from '../rooms/rooms.sql.ts'
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

interface Taken {
  refused: HoldRefusal | null
  /** As it was before. */
  housekeeping: Housekeeping
  /** When the room changed, ISO 8601. */
  at: string
}

/** The guest who is in the house moves in; the hold has done its work. */
export const takeNewRoom = defineTransaction<unknown, RoomMovePlan & { inHouse: boolean }, Taken>({
  name: 'take_new_room',
  lock: ({ toRoom }) => roomLock(toRoom),
  retry: STORE_RETRY,
  async run(_deps, move, { sql, runId, idempotencyKey: key }) {
    const row = await lockRoom(sql, move.toRoom)
    await releaseHold(sql, move.toRoom, move.bookingId)
    const { occupancy, housekeeping } = row
      ? stateOfRow(row)
      : ({ occupancy: 'vacant', housekeeping: 'dirty' } as const)
    const at = dateIn(row, move.at)
    const taken = { housekeeping, at: at.toISOString() }
    if (!move.inHouse) return { refused: null, ...taken }
    if (occupancy === 'occupied') return { refused: 'room_occupied', ...taken }
    const change = changeOf(move.toRoom, at, key, runId)
    const { refused } = await applyRoomChange(sql, { ...change, change: { word: 'occupied' } })
    return { refused: refused && 'room_in_maintenance', ...taken }
  },
})

/** Nobody slept there: the room is again as it was. */
export const leaveNewRoom = defineTransaction<
  unknown,
  ActToUndo<RoomMovePlan & { inHouse: boolean }, Taken>,
  void
>({
  name: 'leave_new_room',
  lock: ({ input: { toRoom } }) => roomLock(toRoom),
  retry: UNDO_RETRY,
  async run(_deps, { input: { toRoom, inHouse }, result, actKey }, { sql, runId, now }) {
    if (!inHouse || !result || result.refused !== null) return
    const change = changeOf(toRoom, justAfter(result.at, now()), actKey, runId)
    await applyWords(sql, change, ['vacant', ...madeAs(result.housekeeping)])
  },
})

interface Left {
  housekeeping: Housekeeping
  businessDate: string
  /** The room's cleaning of the day before the move; null: there was none. */
  cleaningBefore: CleaningKind | null
  /** When the room changed, ISO 8601. */
  at: string
}

/** The old room is empty and to be cleaned as after a departure. Null: the hotel has no such room to leave. */
export const leaveOldRoom = defineTransaction<HotelDeps, RoomMovePlan, Left | null>({
  name: 'leave_old_room',
  lock: ({ fromRoom }) => roomLock(fromRoom),
  retry: STORE_RETRY,
  async run({ hotel }, { fromRoom, at }, { sql, runId, idempotencyKey: key }) {
    const row = await lockRoom(sql, fromRoom)
    if (!row) return null
    const when = dateIn(row, at)
    await applyRoomChange(sql, { ...changeOf(fromRoom, when, key, runId), change: { word: 'vacant' } })
    const order = { roomNumber: fromRoom, businessDate: businessDate(new Date(at), hotel), runId }
    const { was } = await orderCleaning(sql, { ...order, kind: 'departure', reason: 'room_move' })
    const { housekeeping } = stateOfRow(row)
    const { businessDate: day } = order
    return { housekeeping, businessDate: day, cleaningBefore: was, at: when.toISOString() }
  },
})

export const returnToOldRoom = defineTransaction<unknown, ActToUndo<RoomMovePlan, Left | null>, void>({
  name: 'return_to_old_room',
  lock: ({ input: { fromRoom } }) => roomLock(fromRoom),
  retry: UNDO_RETRY,
  async run(_deps, { input: { fromRoom }, result, actKey }, { sql, runId, now }) {
    if (!result) return
    const change = changeOf(fromRoom, justAfter(result.at, now()), actKey, runId)
    await applyWords(sql, change, [...madeAs(result.housekeeping), 'occupied'])
    const { businessDate, cleaningBefore: kind } = result
    const cleaning = { roomNumber: fromRoom, businessDate, reason: 'room_move_undone' }
    if (kind === 'departure' || !(await cancelCleaning(sql, cleaning))) return
    if (kind !== null) await orderCleaning(sql, { ...cleaning, kind, runId })
  },
})

/** When a room changes by the move: after what is known of it. A check-in may be dated by a clock that is ahead. */
function dateIn(row: RoomRow | undefined, at: string): Date {
  return row?.state_at ? justAfter(row.state_at.toISOString(), new Date(at)) : new Date(at)
}

type Change = Omit<RoomChangeRequest, 'change'>

function changeOf(roomNumber: string, at: Date, key: string, runId: string): Change {
  return { roomNumber, at, key, source: 'move', by: null, runId, roomsFromEvents: 'no' }
}

/** The words that make a room what it was: only a clean room can be inspected. */
function madeAs(housekeeping: Housekeeping): ('clean' | 'inspected' | 'pickup' | 'dirty')[] {
  return housekeeping === 'inspected' ? ['clean', 'inspected'] : [housekeeping]
}

/** One after the other. */
async function applyWords(
  sql: Sql,
  change: Change,
  words: readonly RoomChangeRequest['change']['word'][],
): Promise<void> {
  for (const [i, word] of words.entries()) {
    await applyRoomChange(sql, { ...change, key: `${change.key}:undo:${i}`, change: { word } })
  }
}
