import { defineFlow, type Flow } from '../../platform/engine/flow.ts'
import { subjectsOf } from '../subjects.ts'
import { type CheckGuestWaitingDeps, checkGuestWaiting } from './check-guest-waiting.flow.ts'
import { mayMakeReady, RoomStatusEvent } from './room.event.ts'
import { updateRoomStatusDbFlow } from './update-room-status-db.flow.ts'

/**
 * Housekeeping, a camera or the front desk says what a room is now.
 *
 *   update_room_status_db ──┬─ it may be ready now ─ check_guest_waiting ── done
 *                           └─ no ────────────────────────────────────────── done
 *
 * Both are runs of their own, whose ids the sender was given before they began.
 */
export const updateRoomStatus = defineFlow({
  name: 'update_room_status',
  description: "Update a room's status; tell the guest who waits for it when it is ready",
  parameters: RoomStatusEvent,
  subjects: ({ room_number }) => subjectsOf({ room: room_number }),
  estimatedMinutes: 3,
  queue: 'events',

  async run(flow: Flow<CheckGuestWaitingDeps>, event) {
    // The event reserves these two runs, and their ids go by their place here, step 0 and step 1 (`room.event.ts`):
    // they stay the first two words, in this order, and the second begins whatever the first one found.
    const room = await flow.child(updateRoomStatusDbFlow, event)
    if (!mayMakeReady(event.new_status)) return { room_updated: room.applied, guest_notified: false }
    const { guest_notified, booking_id } = await flow.child(checkGuestWaiting, event)
    return { room_updated: room.applied, guest_notified, ...(booking_id === null ? {} : { booking_id }) }
  },
})
