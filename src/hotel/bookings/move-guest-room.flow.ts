import { z } from 'zod'
import { FlowFailure } from '../../platform/engine/errors.ts'
import { defineFlow, type Flow, type Saga } from '../../platform/engine/flow.ts'
import type { StaffMessageDeps } from '../../platform/notifications/staff-messages.ts'
import type { DatabaseDeps, PmsDeps } from '../deps.ts'
import type { GuestMessageDeps } from '../messages/guest-messages.tasks.ts'
import { notifyGuest } from '../messages/notify-guest.flow.ts'
import { instant } from '../steps.ts'
import { subjectsOf } from '../subjects.ts'
import { BookingId, RoomNumber } from '../words.ts'
import { leaveNewRoom, leaveOldRoom, returnToOldRoom, takeNewRoom } from './moved-rooms.tasks.ts'
import { orAlert } from './or-alert.flow.ts'
import { inWords } from './room-move.rules.ts'
import {
  assignNewRoom,
  assignOldRoom,
  holdNewRoom,
  moveBackInPropertySystem,
  moveInPropertySystem,
  planRoomMove,
  type RoomMovePlan,
  releaseNewRoom,
} from './room-moves.tasks.ts'

const RoomMove = z
  .object({
    booking_id: BookingId,
    to_room: RoomNumber,
    /** Where the guest is believed to be; the move is refused when that is not so. */
    from_room: RoomNumber.optional(),
    reason: z.string().trim().min(1).max(500),
  })
  .meta({ examples: [{ booking_id: 'BOOK001', to_room: '305', reason: 'air conditioning is out of order' }] })

type MoveDeps = GuestMessageDeps & StaffMessageDeps & DatabaseDeps & PmsDeps

/**
 * A guest gets another room: all of it, or none of it.
 *
 *   plan ── hold the new room ── move in the property system ── assign the new room ─┬─ to come ──────── end the hold ─┐
 *                                                                                    └─ in the house ─ occupy the new, │
 *                                                                                        leave and clean the old ──────┤
 *   tell the guest ◄───────────────────────────────────────────────────────────────────────────────────────────────────┘
 *
 * Whatever fails, or a cancel, takes back all that was done, last first. What cannot be taken back flags the run and is
 * goes to the duty manager. Refused moves fail with the reason as code (`room_not_clean`, `wrong_room`, ...). The guest
 * is notified when all is done: a message that fails does not undo the move.
 */
export const moveGuestRoom = defineFlow({
  name: 'move_guest_room',
  description: 'Move a booking to another room, in the property system and here, or undo all of it',
  parameters: RoomMove,
  subjects: ({ booking_id, to_room, from_room }) => [
    ...subjectsOf({ booking: booking_id, room: to_room }),
    ...subjectsOf({ room: from_room }),
  ],
  estimatedMinutes: 0.5,
  queue: 'events',

  async run(flow: Flow<MoveDeps>, { booking_id, to_room, from_room }) {
    const at = await instant(flow)
    const asked = { bookingId: booking_id, toRoom: to_room, fromRoom: from_room, at }
    const planned = await flow.task(planRoomMove, asked)
    if (planned.refused) throw new FlowFailure(planned.refused, inWords(planned.refused), 'plan_room_move')
    const { plan } = planned
    const saga = flow.saga((acts) => move(acts, plan))
    await orAlert(flow, saga, { what: `The move to room ${to_room}`, bookingId: booking_id })
    flow.log('moved', { booking: booking_id, from_room: plan.fromRoom, to_room })
    const guest_told = await notifyGuest(flow, {
      template: 'room_moved',
      booking_id,
      subject_key: `${booking_id}:${to_room}:${flow.runId}`,
      variables: { room_number: to_room, old_room: plan.fromRoom },
    })
    return { booking_id, status: 'moved' as const, from_room: plan.fromRoom, to_room, guest_told }
  },
})

async function move(saga: Saga<MoveDeps>, plan: RoomMovePlan): Promise<void> {
  const held = await saga.act(holdNewRoom, plan, releaseNewRoom)
  refuse(held, 'hold_new_room')
  await saga.act(moveInPropertySystem, plan, moveBackInPropertySystem)
  const assigned = await saga.act(assignNewRoom, plan, assignOldRoom)
  refuse(assigned, 'assign_new_room')
  const { inHouse } = assigned
  const taken = await saga.act(takeNewRoom, { ...plan, inHouse }, leaveNewRoom)
  refuse(taken, 'take_new_room')
  if (inHouse) await saga.act(leaveOldRoom, plan, returnToOldRoom)
}

function refuse({ refused }: { refused: Parameters<typeof inWords>[0] | null }, task: string): void {
  if (refused) throw new FlowFailure(refused, inWords(refused), task)
}
