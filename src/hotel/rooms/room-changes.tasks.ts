/** The one way in which the service changes a room. */

import { GiveUp } from '../../platform/engine/errors.ts'
import type { Sql } from '../../platform/postgres/sql.ts'
import { BEGINNING, placeOfSnapshot } from '../history-order.ts'
import type { RoomsFromEvents } from '../hotel-rules.ts'
import { inHotelTable, isRefusal } from '../hotel-tables.ts'
import { ROOM_NUMBER } from '../words.ts'
import { foldRoom, type RoomEntry, type RoomSnapshot } from './room-fold.rules.ts'
import { floorOf } from './room-number.rules.ts'
import {
  type RoomChange,
  type RoomColumns,
  type RoomRefusal,
  type RoomState,
  stateOfRow,
  statusOf,
  UNKNOWN_ROOM,
} from './room-state.rules.ts'
import {
  hasRoomsOfItsOwn,
  insertRoom,
  keepRoomHistory,
  lockRoom,
  type RoomHistoryRow,
  type RoomPast,
  type RoomWrite,
  readRoomPast,
  writeRoom,
} from './rooms.sql.ts'

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
  /** Whether the room is added when the hotel's table does not have it. */
  roomsFromEvents: RoomsFromEvents
  /** What it came with turned out not to be so: it counts as never made, until it is asked for again. */
  withdrawn?: boolean
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
  /** The hotel's table had no such room, and it was added. */
  unknownRoom: boolean
}

/** How many later changes are read at first. */
const LOOK_AHEAD = 20

type Change = RoomChange | RoomSnapshot
type Row = RoomHistoryRow<Change, RoomState>
type Past = RoomPast<Change, RoomState>
type Entry = RoomEntry & Pick<Row, 'source' | 'run_id'>

/**
 * Puts one change in its place among all that is known about the room, and makes the room what it then is. To be called
 * inside a transaction that holds `roomLock`. A repeat of the same key changes nothing; a change that happened before
 * others that are known is put before them, and what they come to is worked out again. What the rules refuse is kept
 * with its reason and throws nothing. A row that somebody else wrote meanwhile counts as news from the moment of our
 * newest change on. A withdrawn change stays in the history as refused; one that was never made needs nothing.
 * @throws GiveUp `unknown_room`: the hotel has no such room, and it is not to be added.
 */
export async function applyRoomChange(sql: Sql, asked: RoomChangeRequest): Promise<AppliedRoomChange> {
  const { roomNumber, at, key, withdrawn = false } = asked
  const row = await lockRoom(sql, roomNumber)
  const past: Past = await readRoomPast(sql, roomNumber, at, key, LOOK_AHEAD)
  const now = row ? statusOf(stateOfRow(row)) : undefined
  const known = past.known && (past.known.refused === 'withdrawn') === withdrawn
  if (known || (withdrawn && !past.known)) return unchanged(past, now)
  if (!row) await addRoom(sql, asked)

  const { state, steps } = await fold(sql, asked, past, newsOf(row, past, asked.runId))
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
  await write(sql, roomNumber, { ...state, status }, row?.last_checked_by ?? null)
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

async function addRoom(sql: Sql, { roomNumber, source, roomsFromEvents }: RoomChangeRequest): Promise<void> {
  const adds = roomsFromEvents === 'yes' || (roomsFromEvents === 'auto' && !(await hasRoomsOfItsOwn(sql)))
  if (!adds || !ROOM_NUMBER.test(roomNumber)) {
    throw new GiveUp(
      'unknown_room',
      `The hotel has no room ${JSON.stringify(roomNumber)}. If there is one, enter it and retry this run.`,
    )
  }
  const room = { roomNumber, floor: floorOf(roomNumber), from: source }
  await inHotelTable('rooms', insertRoom(sql, room))
}

/**
 * Whoever checked the room may be nobody whom the hotel's column takes: 'EMP005' where ids are numbers, or a person who
 * is not entered yet. The change counts all the same; the name stays in the history only, and the column as it was.
 */
async function write(sql: Sql, roomNumber: string, room: RoomWrite, checkedBy: string | null): Promise<void> {
  const asItWas = { ...room, checked_by: checkedBy }
  if (room.checked_by !== checkedBy) {
    await sql.query('savepoint checked_by')
    try {
      return await writeRoom(sql, roomNumber, room)
    } catch (error) {
      if (!isRefusal(error)) throw error
      await sql.query('rollback to savepoint checked_by')
    }
  }
  await inHotelTable('rooms', writeRoom(sql, roomNumber, asItWas))
}

/** Only as far as the change makes a difference: of a long history, usually to the next one. */
async function fold(sql: Sql, asked: RoomChangeRequest, { before, later, newest }: Past, news: Entry[]) {
  const own = [ownEntry(asked), ...news]
  const near = foldRoom(before?.state, [...own, ...later.map(entryOf)])
  if (near.caughtUp) return { ...near, state: newest?.state ?? near.state }
  if (later.length < LOOK_AHEAD) return near
  const whole: Past = await readRoomPast(sql, asked.roomNumber, asked.at, asked.key)
  return foldRoom(before?.state, [...own, ...whole.later.map(entryOf)])
}

function unchanged({ known, newest, later }: Past, now: string | undefined): AppliedRoomChange {
  const refused = known ? (known.refused as RoomRefusal | null) : 'withdrawn'
  return {
    applied: refused === null,
    refused,
    previousStatus: now ?? null,
    status: now ?? statusOf(newest?.state ?? UNKNOWN_ROOM),
    superseded: later.length > 0,
    unknownRoom: now === undefined,
  }
}

function ownEntry({ at, key, by, change, source, runId, withdrawn = false }: RoomChangeRequest): Entry {
  return { at, key, by, change, source, run_id: runId, withdrawn }
}

function entryOf({ at, change_key, changed_by, change, source, run_id, refused, state }: Row): Entry {
  const withdrawn = refused === 'withdrawn'
  return { at, key: change_key, by: changed_by, change, source, run_id, withdrawn, stored: state }
}

/** What the hotel's own row says and our history does not: all of it at first, later what another program wrote. */
function newsOf(row: RoomColumns | undefined, { newest }: Past, runId: string): Entry[] {
  if (!row) return []
  if (newest && newest.to_status === row.status) return []
  const state = stateOfRow(row)
  const place = placeOfSnapshot(
    newest && { at: newest.at, key: newest.change_key },
    row.state_at ?? new Date(BEGINNING),
  )
  return [{ ...place, by: null, change: { word: 'snapshot', state }, source: 'snapshot', run_id: runId }]
}
