/** What a room move does to its two rooms when the guest is in the house, and how each is taken back. */
import { type ActToUndo, defineTransaction } from '../../platform/engine/flow.ts'
import { STORE_RETRY, UNDO_RETRY } from '../../platform/engine/retries.ts'
import type { Sql } from '../../platform/postgres/sql.ts'
import { justAfter } from '../../platform/time/local-time.ts'
import { businessDate } from '../business-date.ts'
import type { HotelDeps } from '../deps.ts'
import { roomLock } from '../locks.ts'
import type { CleaningKind } from '../rooms/cleaning-orders.rules.ts'
import { cancelCleaning, orderCleaning } from '../rooms/cleaning-orders.tasks.ts'
import { applyRoomChange, type RoomChangeRequest } from '../rooms/room-changes.tasks.ts'
import { type Housekeeping, stateOfRow } from '../rooms/room-state.rules.ts'
import { lockRoom, type RoomRow, releaseHold } from '../rooms/rooms.sql.ts'
import type { HoldRefusal } from './room-move.rules.ts'
import type { RoomMovePlan } from './room-moves.tasks.ts'

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
