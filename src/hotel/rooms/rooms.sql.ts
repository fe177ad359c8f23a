/** The hotel's rooms, and every change each was asked to make. Compared as text: a hotel may number its rooms. */
import { storableJson } from '../../platform/contract/unstorable-text.ts'
import type { Sql } from '../../platform/postgres/sql.ts'
import type { RoomColumns } from './room-state.rules.ts'

export interface RoomRow extends RoomColumns {
  /** The booking that a move holds the room for. */
  held_for: string | null
}

/** The columns of a `RoomColumns`. */
export const ROOM_STATE = `status::text as status, housekeeping, occupancy, maintenance, service, return_status,
  maintenance_reason, maintenance_until, last_cleaned_at, last_checked_by::text as last_checked_by, state_at`
const ROOM = `select ${ROOM_STATE}, held_for from rooms where room_number::text = $1`

/** Undefined: the hotel's table has no such room. */
export async function readRoom(sql: Sql, roomNumber: string): Promise<RoomRow | undefined> {
  return (await sql.query<RoomRow>(ROOM, [roomNumber]))[0]
}

/** The same, and nobody else writes the row until the transaction ends. */
export async function lockRoom(sql: Sql, roomNumber: string): Promise<RoomRow | undefined> {
  return (await sql.query<RoomRow>(`${ROOM} for update`, [roomNumber]))[0]
}

/** A room that nobody entered in the hotel's table yet; `from` is what told of it. */
export async function insertRoom(
  sql: Sql,
  room: { roomNumber: string; floor: number | null; from: string },
): Promise<void> {
  await sql.query(
    'insert into rooms (room_number, floor, added_from) values ($1, $2, $3) on conflict do nothing',
    [room.roomNumber, room.floor, room.from],
  )
}

/** Whether the hotel or its property system entered any room: then they have the list of all rooms. */
export async function hasRoomsOfItsOwn(sql: Sql): Promise<boolean> {
  const [row] = await sql.query<{ has: boolean }>(
    'select exists (select from rooms where added_from is null) as has',
  )
  return row?.has === true
}

export interface RoomWrite {
  status: string
  housekeeping: string
  occupancy: string
  maintenance: string
  service: string
  return_status: string | null
  reason: string | null
  /** ISO 8601, as all instants here. */
  until: string | null
  cleaned_at: string | null
  checked_by: string | null
  changed_at: string | null
}

/** `held_for` belongs to the move that holds the room, and is left alone. */
export async function writeRoom(sql: Sql, roomNumber: string, room: RoomWrite): Promise<void> {
  await sql.query(
    `update rooms
     set status = $2, housekeeping = $3, occupancy = $4, maintenance = $5, service = $6, return_status = $7,
         maintenance_reason = $8, maintenance_until = $9, last_cleaned_at = $10, last_checked_by = $11, state_at = $12,
         updated_at = now()
     where room_number::text = $1`,
    [
      roomNumber,
      room.status,
      room.housekeeping,
      room.occupancy,
      room.maintenance,
      room.service,
      room.return_status,
      room.reason,
      room.until,
      room.cleaned_at,
      room.checked_by,
      room.changed_at,
    ],
  )
}

/** One row of prefect.room_status_history; `Change` and `State` as the domain has them, kept as JSON. */
export interface RoomHistoryRow<Change, State> {
  at: Date
  change_key: string
  source: string
  changed_by: string | null
  change: Change
  from_status: string | null
  to_status: string | null
  refused: string | null
  state: State
  run_id: string | null
}

export interface RoomPast<Change, State> {
  /** The change itself: it was made before. */
  known: RoomHistoryRow<Change, State> | undefined
  /** The one directly before it. */
  before: RoomHistoryRow<Change, State> | undefined
  /** What happened after it, oldest first. Usually nothing. */
  later: RoomHistoryRow<Change, State>[]
  /** The last of all. */
  newest: RoomHistoryRow<Change, State> | undefined
}

const HISTORY = `at, change_key, source, changed_by, change, from_status, to_status, refused, state, run_id
  from prefect.room_status_history where room_number = $1`
/** Byte order, whatever the database's collation: as `history-order.ts` has it. */
const KEY = 'change_key collate "C"'

/** What surrounds a change that happened at `at`, in order of (at, key). `most` of what is later; without: all. */
export async function readRoomPast<Change, State>(
  sql: Sql,
  roomNumber: string,
  at: Date,
  key: string,
  most?: number,
): Promise<RoomPast<Change, State>> {
  const rows = await sql.query<RoomHistoryRow<Change, State> & { place: string }>(
    `(select 'known' as place, ${HISTORY} and change_key = $3)
     union all
     (select 'before', ${HISTORY} and (at, ${KEY}) < ($2::timestamptz, $3)
      order by at desc, ${KEY} desc limit 1)
     union all
     (select 'newest', ${HISTORY} order by at desc, ${KEY} desc limit 1)
     union all
     (select 'later', ${HISTORY} and (at, ${KEY}) > ($2::timestamptz, $3) order by at, ${KEY} limit $4)`,
    [roomNumber, at.toISOString(), key, most ?? null],
  )
  const [known, before, newest] = ['known', 'before', 'newest'].map((place) =>
    rows.find((row) => row.place === place),
  )
  return { known, before, newest, later: rows.filter(({ place }) => place === 'later') }
}

/** New rows are added; of rows that are there, what they came to is corrected, and nothing else. */
export async function keepRoomHistory(
  sql: Sql,
  roomNumber: string,
  rows: readonly RoomHistoryRow<unknown, unknown>[],
): Promise<void> {
  await sql.query(
    `insert into prefect.room_status_history as kept
       (room_number, at, change_key, source, changed_by, change, from_status, to_status, refused, state, run_id)
     select $1, at, change_key, source, changed_by, change, from_status, to_status, refused, state, run_id
     from jsonb_to_recordset($2::jsonb) as x(
       at timestamptz, change_key text, source text, changed_by text, change jsonb, from_status text, to_status text,
       refused text, state jsonb, run_id text)
     on conflict (room_number, change_key) do update
     set from_status = excluded.from_status, to_status = excluded.to_status, refused = excluded.refused,
         state = excluded.state
     where (kept.from_status, kept.to_status, kept.refused, kept.state)
           is distinct from (excluded.from_status, excluded.to_status, excluded.refused, excluded.state)`,
    [roomNumber, storableJson(rows)],
  )
}

/** Holds the room for the booking while it is moved there. */
export async function holdRoom(sql: Sql, roomNumber: string, bookingId: string): Promise<void> {
  await sql.query('update rooms set held_for = $2 where room_number::text = $1', [roomNumber, bookingId])
}

/** Ends the hold that is for this booking, if there is one. */
export async function releaseHold(sql: Sql, roomNumber: string, bookingId: string): Promise<void> {
  await sql.query('update rooms set held_for = null where room_number::text = $1 and held_for = $2', [
    roomNumber,
    bookingId,
  ])
}
