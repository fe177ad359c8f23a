import { defineFlow, type Flow } from '../../platform/engine/flow.ts'
import type { HotelDeps } from '../deps.ts'
import { subjectsOf } from '../subjects.ts'
import { RoomStatusEvent } from './room.event.ts'
import { type RoomUpdate, updateRoomStatusDb } from './rooms.tasks.ts'

/**
 * Somebody says something about a room: it is put in its place among what is known, by the time at which it happened.
 *
 *   event ── a room of the hotel's? ──┬─ yes ── allowed by what came before it? ──┬─ yes ─ the room is what it comes to
 *                                     │                                           └─ no ── kept with its reason
 *                                     └─ no, and not to be added ── unknown_room: a person looks at it
 *
 * A refused change is no failure: the sender was wrong, or something it builds on has yet to arrive.
 */
export const updateRoomStatusDbFlow = defineFlow({
  name: 'update_room_status_db',
  description: "Apply a room's change in the order in which changes happened",
  parameters: RoomStatusEvent,
  subjects: ({ room_number }) => subjectsOf({ room: room_number }),
  estimatedMinutes: 0.1,
  queue: 'events',

  async run(flow: Flow<HotelDeps>, event): Promise<RoomUpdate> {
    const update = await flow.task(updateRoomStatusDb, event)
    if (update.unknown_room)
      flow.log('a room the hotel did not list: it was added', { room: update.room_number })
    flow.log(inWords(update), { said: event.new_status, was: update.previous_status, status: update.status })
    return update
  },
})

function inWords({ refused, superseded, status, previous_status }: RoomUpdate): string {
  if (refused) return `refused: ${refused}`
  if (superseded) return 'it came late, and took its place before what is newer'
  return status === previous_status ? 'applied: the room has the same status' : `the room is ${status}`
}
