import { z } from 'zod'
import { defineFlow, type Flow } from '../../platform/engine/flow.ts'
import type { OutsideDeps } from '../deps.ts'
import type { GuestMessageDeps } from '../messages/guest-messages.tasks.ts'
import { sendGuestNotification } from '../messages/send-guest-notification.flow.ts'
import { instant, orElse } from '../steps.ts'
import { subjectsOf } from '../subjects.ts'
import { RoomNumber } from '../words.ts'
import { checkGuestWaitingForRoom, lookAtRoom, markGuestNotified, type WaitingGuest } from './rooms.tasks.ts'

export type CheckGuestWaitingDeps = Pick<OutsideDeps, 'cv'> & GuestMessageDeps

const RoomToCheck = z.object({ room_number: RoomNumber }).meta({ examples: [{ room_number: '201' }] })

/**
 * A room may be ready: is there a guest who waits for it?
 *
 *   look ──┬─ nobody waits, or not ready ────────────────────────────── nobody told
 *          └─ a guest waits ─ pause ─ look again ──┬─ not any more ──── nobody told
 *                                                  └─ still ── camera ──┬─ saw it dirty since ─ nobody told
 *                                                                       └─ tell the guest ─ mark the booking
 *
 * The pause is there for whoever pressed the wrong button. A message that cannot be sent fails this run.
 */
export const checkGuestWaiting = defineFlow({
  name: 'check_guest_waiting',
  description: 'Tell the guest who waits for a room that it is ready',
  parameters: RoomToCheck,
  subjects: ({ room_number }) => subjectsOf({ room: room_number }),
  estimatedMinutes: 3,
  queue: 'events',

  async run(flow: Flow<CheckGuestWaitingDeps>, { room_number }) {
    const first = await look(flow, room_number)
    if (!first) return toldNobody(null)
    await flow.sleep(first.delay_seconds)
    const guest = await look(flow, room_number)
    if (!guest) return toldNobody(first.booking_id)
    const { booking_id } = guest
    if (await cameraObjects(flow, room_number, guest)) return toldNobody(booking_id)
    const { status } = await flow.child(sendGuestNotification, {
      template: 'checkin_ready',
      booking_id,
      subject_key: `${booking_id}:${room_number}:${guest.business_date}`,
      variables: { room_number, check_in_time: guest.check_in_time },
      expires_at: guest.stale_at,
    })
    if (status !== 'sent' && status !== 'sandbox') return toldNobody(booking_id)
    await flow.task(markGuestNotified, { booking_id })
    return { guest_notified: true, booking_id }
  },
})

const toldNobody = (booking_id: string | null) => ({ guest_notified: false, booking_id })

async function look(flow: Flow<CheckGuestWaitingDeps>, room_number: string): Promise<WaitingGuest | null> {
  return flow.task(checkGuestWaitingForRoom, { room_number, now: await instant(flow) })
}

/** The cameras may be down: then the word of whoever reported the room is good enough. */
async function cameraObjects(
  flow: Flow<CheckGuestWaitingDeps>,
  room_number: string,
  { room_changed_at }: WaitingGuest,
): Promise<boolean> {
  const look = flow.task(lookAtRoom, { room_number, changed_at: room_changed_at })
  const unseen = { looks_dirty: false }
  const { looks_dirty } = await orElse(flow, look, unseen, 'the camera could not be asked')
  if (looks_dirty) flow.log('nobody told: a camera saw the room dirty since it was reported ready')
  return looks_dirty
}
