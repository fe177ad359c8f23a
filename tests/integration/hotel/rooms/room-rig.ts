import { roomLock } from '../../../../src/hotel/locks.ts'
import {
  type AppliedRoomChange,
  applyRoomChange,
  type RoomChangeRequest,
} from '../../../../src/hotel/rooms/room-changes.tasks.ts'
import type { RoomChange } from '../../../../src/hotel/rooms/room-state.rules.ts'
import type { Database } from '../../../../src/platform/postgres/pool.ts'
import { minute } from '../../../support/hotel-rules.ts'
import { inTurn } from '../../../support/in-turn.ts'

export interface Said {
  key: string
  /** Minutes into the day. */
  at: number
  word: RoomChange['word']
  by?: string
  source?: RoomChangeRequest['source']
  roomsFromEvents?: RoomChangeRequest['roomsFromEvents']
  more?: Omit<RoomChange, 'word'>
}

/** One change as a task's transaction makes it: its lock first. */
export function say(database: Database, roomNumber: string, said: Said): Promise<AppliedRoomChange> {
  return inTurn(database, roomLock(roomNumber), (sql) =>
    applyRoomChange(sql, {
      roomNumber,
      at: minute(said.at),
      key: said.key,
      source: said.source ?? 'event',
      by: said.by ?? null,
      change: { word: said.word, ...said.more },
      runId: `fr_${said.key}`,
      roomsFromEvents: said.roomsFromEvents ?? 'yes',
    }),
  )
}

/** The room's row without what differs from run to run. */
export async function roomOf(database: Database, roomNumber: string): Promise<Record<string, unknown>> {
  const [row] = await database.query<Record<string, unknown>>(
    `select status, housekeeping, occupancy, maintenance, service, return_status, maintenance_reason,
            maintenance_until, last_cleaned_at, last_checked_by, state_at, floor
     from rooms where room_number = $1`,
    [roomNumber],
  )
  return row ?? {}
}

export function historyOf(database: Database, roomNumber: string): Promise<Record<string, unknown>[]> {
  return database.query(
    `select at, change_key, source, changed_by, change, from_status, to_status, refused, state, run_id
     from prefect.room_status_history where room_number = $1 order by at, change_key collate "C"`,
    [roomNumber],
  )
}
