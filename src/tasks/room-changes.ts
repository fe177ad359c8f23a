/** The one way in which the service changes a room. */
import {
  insertRoom,
  keepRoomHistory,
  lockRoom,
  type RoomHistoryRow,
  type RoomPast,
  readRoomPast,
  writeRoom,
} from '../db/rooms.ts'
import type { Sql } from '../db/sql.ts'
import { BEGINNING, placeOfSnapshot } from '../domain/history-order.ts'
import { foldRoom, type RoomEntry, type RoomSnapshot } from '../domain/room-fold.ts'
import { floorOf } from '../domain/room-number.ts'
import {
  type RoomChange,
  type RoomColumns,
  type RoomRefusal,
  type RoomState,
  stateOfRow,
  statusOf,
} from '../domain/room-state.ts'
import { inHotelTable } from './hotel-tables.ts'

export interface RoomChangeRequest {
  roomNumber: string
  /** When it happened, by whoever says so. */
  at: Date
  /** Of the event or act it comes with: the same key is applied to a room once. */
  key: string
  source: 'event' | 'booking' | 'move' | 'housekeeping'
  /** Who did it, where known: an id. */
  by: string | null
  change: RoomChange
  runId: string
}

export interface AppliedRoomChange {
  /** False: refused, and kept with its reason. */
  applied: boolean
  refused: RoomRefusal | null
  /** The room's single word before and after this call; null: it was not known. */
  previousStatus: string | null
  status: string
  /** It came late: something newer is known, and counts. */
  superseded: boolean
  /** The hotel's table had no such room: personnel lags behind, so the row was made. */
  unknownRoom: boolean
}

/** Every transaction that changes a room takes this lock: `defineTransaction({ lock: ... })`. */
export const roomLock = (roomNumber: string) => `room:${roomNumber}`

type Change = RoomChange | RoomSnapshot
type Row = RoomHistoryRow<Change, RoomState>
type Entry = RoomEntry & Pick<Row, 'source' | 'run_id'>

/**
 * Puts one change in its place among all that is known about the room, and makes the room what it then is. To be called
 * inside a transaction that holds `roomLock`. A repeat of the same key changes nothing; a change that happened before
 * others that are known is put before them, and what they come to is worked out again. What the rules refuse is kept
 * with its reason and throws nothing. A row that somebody else wrote meanwhile counts as news from the moment of our
 * newest change on.
 */
export async function applyRoomChange(sql: Sql, asked: RoomChangeRequest): Promise<AppliedRoomChange> {
  const { roomNumber, at, key } = asked
  const row = await lockRoom(sql, roomNumber)
  const past = await readRoomPast<Change, RoomState>(sql, roomNumber, at, key)
  const now = row ? statusOf(stateOfRow(row)) : undefined
  if (past.known) return repeated(past.known, past.later, now)
  if (!row) await inHotelTable('rooms', insertRoom(sql, roomNumber, floorOf(roomNumber)))

  const entries = [ownEntry(asked), ...newsOf(row, past, asked.runId), ...past.later.map(entryOf)]
  const { state, steps } = foldRoom(past.before?.state, entries)
  await keepRoomHistory(
    sql,
    roomNumber,
    steps.map(({ entry, step }) => ({
      at: entry.at,
      change_key: entry.key,
      source: entry.source,
      changed_by: entry.by,
      change: entry.change,
      from_status: step.from,
      to_status: step.to,
      refused: step.refused,
      state: step.state,
      run_id: entry.run_id,
    })),
  )
  const status = statusOf(state)
  await inHotelTable('rooms', writeRoom(sql, roomNumber, { ...state, status }))
  const refused = steps.find(({ entry }) => entry.key === key)?.step.refused ?? null
  return {
    applied: refused === null,
    refused,
    previousStatus: now ?? null,
    status,
    superseded: steps.at(-1)?.entry.key !== key,
    unknownRoom: row === undefined,
  }
}

function repeated(known: Row, later: Row[], now: string | undefined): AppliedRoomChange {
  const refused = known.refused as RoomRefusal | null
  return {
    applied: refused === null,
    refused,
    previousStatus: now ?? null,
    status: now ?? statusOf((later.at(-1) ?? known).state),
    superseded: later.length > 0,
    unknownRoom: now === undefined,
  }
}

function ownEntry({ at, key, by, change, source, runId }: RoomChangeRequest): Entry {
  return { at, key, by, change, source, run_id: runId }
}

function entryOf({ at, change_key, changed_by, change, source, run_id }: Row): Entry {
  return { at, key: change_key, by: changed_by, change, source, run_id }
}

/** What the hotel's own row says and our history does not: all of it at first, later what another program wrote. */
function newsOf(
  row: RoomColumns | undefined,
  { before, later }: RoomPast<Change, RoomState>,
  runId: string,
): Entry[] {
  if (!row) return []
  const newest = later.at(-1) ?? before
  if (newest && newest.to_status === row.status) return []
  const state = stateOfRow(row)
  const place = placeOfSnapshot(
    newest && { at: newest.at, key: newest.change_key },
    row.state_at ?? new Date(BEGINNING),
  )
  return [{ ...place, by: null, change: { word: 'snapshot', state }, source: 'snapshot', run_id: runId }]
}
