import { z } from 'zod'
import { GiveUp } from '../../platform/engine/errors.ts'
import { InboxRefusal } from '../../platform/inbox/inbox-refusal.ts'
import {
  type EngineActs,
  type InboxSource,
  type OpenEntry,
  settling,
} from '../../platform/inbox/inbox-source.ts'
import {
  atRun,
  detailsOf,
  dismissRun,
  type RunFacts,
  retryRun,
  unsettledRuns,
} from '../../platform/inbox/unsettled-runs.ts'
import type { Sql } from '../../platform/postgres/sql.ts'
import { inHotelTable } from '../hotel-tables.ts'
import { RoomNumber } from '../words.ts'
import { floorOf } from './room-number.rules.ts'
import { insertRoom } from './rooms.sql.ts'

const NewRoom = z
  .strictObject({
    room_number: RoomNumber.meta({ description: 'Default: the room that the run is about' }),
    floor: z.int().min(-10).max(200).meta({ description: 'Default: read from the number' }),
  })
  .partial()
  .nullable()

/** `unknown_room`: something happened in a room that the hotel does not have. Somebody mistyped, or nobody entered it. */
export function unknownRooms(engine: EngineActs): InboxSource<RunFacts> {
  return {
    kind: 'unknown_room',
    failures: ['unknown_room'],
    open: () => ({ ...unsettledRuns([`r.failed_with = 'unknown_room'`]), who: "'front_office'" }),
    at: atRun,
    describe: (entry) => ({
      title: `The hotel has no room ${roomOf(entry) ?? 'of that number'}`,
      details: { room_number: roomOf(entry) ?? null, ...detailsOf(entry.facts) },
    }),
    actions: () => ({
      add_room: settling({
        title: 'Enter the room, and run again',
        input: NewRoom,
        async settle({ sql, entry }, payload) {
          const roomNumber = numberOf(payload?.room_number ?? roomOf(entry))
          await add(sql, { roomNumber, floor: payload?.floor ?? floorOf(roomNumber), from: 'inbox' })
          return { room_number: roomNumber, ...(await retryRun(engine, sql, entry.flow_run_id ?? '')) }
        },
      }),
      dismiss: dismissRun,
    }),
  }
}

function roomOf({ subjects }: OpenEntry): string | undefined {
  return subjects.find((subject) => subject.startsWith('room:'))?.slice('room:'.length)
}

function numberOf(given: string | undefined): string {
  const read = RoomNumber.safeParse(given)
  if (read.success) return read.data
  const message = read.error.issues[0]?.message ?? 'must be the number of a room'
  throw new InboxRefusal('invalid_payload', 'It does not say which room: send its room_number.', {
    errors: [{ path: 'body.payload.room_number', message }],
  })
}

async function add(sql: Sql, room: Parameters<typeof insertRoom>[1]): Promise<void> {
  try {
    await inHotelTable('rooms', insertRoom(sql, room))
  } catch (error) {
    if (error instanceof GiveUp) throw new InboxRefusal('cannot_settle', error.message)
    throw error
  }
}
