import { describe, expect, it } from 'vitest'
import {
  type CheckGuestWaitingDeps,
  checkGuestWaiting,
} from '../../../../src/hotel/rooms/check-guest-waiting.flow.ts'
import { ROOM_STATUSES, type RoomStatusEvent, roomStatus } from '../../../../src/hotel/rooms/room.event.ts'
import type { RoomUpdate, WaitingGuest } from '../../../../src/hotel/rooms/rooms.tasks.ts'
import { updateRoomStatus } from '../../../../src/hotel/rooms/update-room-status.flow.ts'
import { updateRoomStatusDbFlow } from '../../../../src/hotel/rooms/update-room-status-db.flow.ts'
import { FlowCancelled, TaskFailed } from '../../../../src/platform/engine/errors.ts'
import type { AnyFlow, AnyTask, Flow } from '../../../../src/platform/engine/flow.ts'

const EVENT: RoomStatusEvent = {
  room_number: '201',
  new_status: 'clean',
  updated_by: 'EMP005',
  timestamp: '2025-01-17T11:00:00Z',
}
const UPDATE: RoomUpdate = {
  room_number: '201',
  previous_status: 'dirty',
  status: 'clean',
  applied: true,
  refused: null,
  superseded: false,
  unknown_room: false,
}
const GUEST: WaitingGuest = {
  booking_id: 'BOOK001',
  business_date: '2025-01-17',
  room_changed_at: '2025-01-17T11:00:00.000Z',
  delay_seconds: 120,
  check_in_time: '14:00',
  stale_at: '2025-01-17T20:00:00.000Z',
}

type Answers = Record<string, unknown[]>

/** Answers every word by its name from a list, errors by throwing them, and notes the words in order. */
function scripted(answers: Answers) {
  const words: [string, unknown?][] = []
  const lines: string[] = []
  const answer = async (name: string, input: unknown) => {
    words.push([name, input])
    const next = answers[name]?.shift()
    if (next instanceof Error) throw next
    return next as never
  }
  const flow = {
    runId: 'fr_1',
    eventId: 'evt_1',
    task: (task: AnyTask<never, unknown, unknown>, input: unknown) => answer(task.name, input),
    child: (child: AnyFlow, parameters: unknown) => answer(child.name, parameters),
    sleep: async (seconds: number) => void words.push(['sleep', seconds]),
    now: async () => new Date('2025-01-17T11:00:05Z'),
    log: (message: string) => void lines.push(message),
  } as unknown as Flow<CheckGuestWaitingDeps>
  return { flow, lines, words, names: () => words.map(([name]) => name) }
}

describe('update_room_status', () => {
  it('runs the two children the sender was told of, first and in that order, whatever the first one finds', async () => {
    for (const applied of [true, false]) {
      const { flow, words } = scripted({
        update_room_status_db: [{ ...UPDATE, applied }],
        check_guest_waiting: [{ guest_notified: true, booking_id: 'BOOK001' }],
      })
      expect(await updateRoomStatus.run(flow, EVENT)).toEqual({
        room_updated: applied,
        guest_notified: true,
        booking_id: 'BOOK001',
      })
      expect(words).toEqual([
        ['update_room_status_db', EVENT],
        ['check_guest_waiting', EVENT],
      ])
    }
  })

  it.each(ROOM_STATUSES)('%s: the children are those that the event reserves', async (new_status) => {
    const { flow, names } = scripted({
      update_room_status_db: [UPDATE],
      check_guest_waiting: [{ guest_notified: false, booking_id: null }],
    })
    const event = { ...EVENT, new_status }
    expect(await updateRoomStatus.run(flow, event)).toEqual({ room_updated: true, guest_notified: false })
    expect(names()).toEqual(roomStatus.reserves(event))
  })

  it('is about the room, and people wait for it', () => {
    for (const flow of [updateRoomStatus, updateRoomStatusDbFlow, checkGuestWaiting]) {
      expect(flow.subjects(EVENT)).toEqual(['room:201'])
      expect(flow.queue).toBe('events')
    }
  })
})

describe('update_room_status_db', () => {
  it.each<[Partial<RoomUpdate>, string[]]>([
    [{}, ['the room is clean']],
    [{ previous_status: 'clean' }, ['applied: the room has the same status']],
    [{ applied: false, refused: 'not_clean' }, ['refused: not_clean']],
    [{ superseded: true }, ['it came late, and took its place before what is newer']],
    [
      { previous_status: null, unknown_room: true },
      ['a room the hotel did not list: it was added', 'the room is clean'],
    ],
  ])('%j: %j', async (found, told) => {
    const { flow, lines } = scripted({ update_room_status_db: [{ ...UPDATE, ...found }] })
    expect(await updateRoomStatusDbFlow.run(flow, EVENT)).toEqual({ ...UPDATE, ...found })
    expect(lines).toEqual(told)
  })
})

describe('check_guest_waiting', () => {
  const run = async (answers: Answers) => {
    const script = scripted(answers)
    return { ...script, result: await checkGuestWaiting.run(script.flow, { room_number: '201' }) }
  }
  const looked = { looks_dirty: false }
  const sent = (status: string) => ({ status, reason: null, channel: 'email', notification_id: 'n_1' })

  it('nobody waits: one look', async () => {
    const { result, names } = await run({ check_guest_waiting_for_room: [null] })
    expect(result).toEqual({ guest_notified: false, booking_id: null })
    expect(names()).toEqual(['check_guest_waiting_for_room'])
  })

  it.each(['sent', 'sandbox'])(
    'a guest waits: looks twice, asks the camera, tells (%s), marks',
    async (status) => {
      const { result, words } = await run({
        check_guest_waiting_for_room: [GUEST, GUEST],
        look_at_room: [looked],
        send_guest_notification: [sent(status)],
      })
      expect(result).toEqual({ guest_notified: true, booking_id: 'BOOK001' })
      const look = ['check_guest_waiting_for_room', { room_number: '201', now: '2025-01-17T11:00:05.000Z' }]
      expect(words).toEqual([
        look,
        ['sleep', 120],
        look,
        ['look_at_room', { room_number: '201', changed_at: '2025-01-17T11:00:00.000Z' }],
        [
          'send_guest_notification',
          {
            template: 'checkin_ready',
            booking_id: 'BOOK001',
            subject_key: 'BOOK001:201:2025-01-17',
            variables: { room_number: '201', check_in_time: '14:00' },
            expires_at: '2025-01-17T20:00:00.000Z',
          },
        ],
        ['mark_guest_notified', { booking_id: 'BOOK001' }],
      ])
    },
  )

  it('a change of mind within the pause: nobody is told', async () => {
    const { result, names } = await run({ check_guest_waiting_for_room: [GUEST, null] })
    expect(result).toEqual({ guest_notified: false, booking_id: 'BOOK001' })
    expect(names().at(-1)).toBe('check_guest_waiting_for_room')
  })

  it('another guest got the room within the pause: that guest is told', async () => {
    const { result } = await run({
      check_guest_waiting_for_room: [GUEST, { ...GUEST, booking_id: 'BOOK002' }],
      look_at_room: [looked],
      send_guest_notification: [sent('sent')],
    })
    expect(result).toEqual({ guest_notified: true, booking_id: 'BOOK002' })
  })

  it('the camera saw it dirty: nobody is told', async () => {
    const { result, names, lines } = await run({
      check_guest_waiting_for_room: [GUEST, GUEST],
      look_at_room: [{ looks_dirty: true }],
    })
    expect(result).toEqual({ guest_notified: false, booking_id: 'BOOK001' })
    expect(names().at(-1)).toBe('look_at_room')
    expect(lines).toEqual(['nobody told: a camera saw the room dirty since it was reported ready'])
  })

  it('the cameras are down: the guest is told all the same', async () => {
    const { result, lines } = await run({
      check_guest_waiting_for_room: [GUEST, GUEST],
      look_at_room: [new TaskFailed('look_at_room', 'cv_unavailable', 'down')],
      send_guest_notification: [sent('sent')],
    })
    expect(result).toEqual({ guest_notified: true, booking_id: 'BOOK001' })
    expect(lines).toEqual(['the camera could not be asked'])
  })

  it('cancelled while the camera is asked: it is cancelled', async () => {
    const answers = { check_guest_waiting_for_room: [GUEST, GUEST], look_at_room: [new FlowCancelled()] }
    await expect(run(answers)).rejects.toThrow(FlowCancelled)
  })

  it('the message was skipped: the booking is not marked', async () => {
    const { result, names } = await run({
      check_guest_waiting_for_room: [GUEST, GUEST],
      look_at_room: [looked],
      send_guest_notification: [{ ...sent('skipped'), reason: 'opted_out' }],
    })
    expect(result).toEqual({ guest_notified: false, booking_id: 'BOOK001' })
    expect(names()).not.toContain('mark_guest_notified')
  })
})
