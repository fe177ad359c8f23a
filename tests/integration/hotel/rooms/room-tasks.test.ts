import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCvSimulator } from '../../../../simulators/services/cv.ts'
import { orderCleaning } from '../../../../src/hotel/rooms/cleaning-orders.tasks.ts'
import type { RoomStatusEvent } from '../../../../src/hotel/rooms/room.event.ts'
import {
  checkGuestWaitingForRoom,
  lookAtRoom,
  markGuestNotified,
  updateRoomStatusDb,
} from '../../../../src/hotel/rooms/rooms.tasks.ts'
import { createHttpCv } from '../../../../src/hotel/services/cv/http.ts'
import { createGuard } from '../../../../src/platform/outbound/service-guard.ts'
import type { Database } from '../../../../src/platform/postgres/pool.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { HOTEL } from '../../../support/hotel-rules.ts'
import { contextOf } from '../../../support/task-context.ts'
import { addRoom, book } from './hotel.ts'
import { historyOf, roomOf } from './room-rig.ts'

let test: TestDatabase
let database: Database
beforeAll(async () => {
  test = await createTestDatabase()
  database = test.database
})
afterAll(() => test?.drop())

const update = (event: RoomStatusEvent, eventId?: string) =>
  database.transaction((sql) => {
    const context = contextOf('update_room_status_db')
    const part = async <T>(_name: string, body: () => Promise<T> | T) => body()
    return updateRoomStatusDb.run({ hotel: HOTEL }, event, { ...context, eventId, sql, part })
  })

describe('update_room_status_db', () => {
  const EVENT: RoomStatusEvent = {
    room_number: '201',
    old_status: 'dirty',
    new_status: 'clean',
    updated_by: 'EMP005',
    timestamp: '2025-01-17T11:00:00Z',
    analysis_data: { confidence: 0.92, tags: ['bed_made'] },
  }

  it('applies the event of the specification, once per event', async () => {
    await addRoom(database, '201', 'dirty')
    expect(await update(EVENT, 'evt_1')).toEqual({
      room_number: '201',
      previous_status: 'dirty',
      status: 'clean',
      applied: true,
      refused: null,
      superseded: false,
      unknown_room: false,
    })
    expect(await update({ ...EVENT, new_status: 'clean' }, 'evt_1')).toMatchObject({
      previous_status: 'clean',
    })
    expect(await roomOf(database, '201')).toMatchObject({
      status: 'clean',
      last_cleaned_at: new Date('2025-01-17T11:00:00Z'),
      last_checked_by: 'EMP005',
    })
    expect(await historyOf(database, '201')).toHaveLength(2)
  })

  it('reads times without an offset at the hotel, and keeps the plan of a maintenance', async () => {
    await addRoom(database, '202', 'clean')
    await update({
      room_number: '202',
      new_status: 'out_of_order',
      timestamp: '2025-01-17T09:00:00',
      reason: 'leak',
      until: '2025-01-18T09:00:00',
      return_status: 'pickup',
    })
    expect(await roomOf(database, '202')).toMatchObject({
      status: 'out_of_order',
      state_at: new Date('2025-01-17T02:00:00Z'),
      maintenance_until: new Date('2025-01-18T02:00:00Z'),
      maintenance_reason: 'leak',
      return_status: 'pickup',
    })
  })

  it('an inspection takes the cleaning that nobody has begun off the list; one that does not count leaves it', async () => {
    const order = {
      businessDate: '2025-01-17',
      kind: 'departure',
      reason: 'check_out',
      runId: 'fr_1',
    } as const
    const inspect = (room_number: string, timestamp: string) =>
      update({ room_number, new_status: 'inspected', timestamp })
    for (const room of ['203', '204', '205']) await orderCleaning(database, { ...order, roomNumber: room })
    await addRoom(database, '203', 'clean')
    await inspect('203', '2025-01-17T05:00:00Z')
    await addRoom(database, '204', 'dirty')
    await inspect('204', '2025-01-17T05:00:00Z')
    await addRoom(database, '205', 'clean')
    await update({ room_number: '205', new_status: 'dirty', timestamp: '2025-01-17T06:00:00Z' })
    await inspect('205', '2025-01-17T05:00:00Z')
    expect(
      await database.query('select room_number, status from prefect.housekeeping_tasks order by room_number'),
    ).toEqual([
      { room_number: '203', status: 'cancelled' },
      { room_number: '204', status: 'open' },
      { room_number: '205', status: 'open' },
    ])
  })
})

describe('check_guest_waiting_for_room', () => {
  const NOON = '2025-01-17T05:00:00Z'
  const look = (room_number: string, now = NOON, hotel = HOTEL) =>
    checkGuestWaitingForRoom.run(
      { database, hotel },
      { room_number, now },
      contextOf('check_guest_waiting_for_room'),
    )
  const ready = async (room: string, arrival: { on?: string; status?: string; notified?: boolean } = {}) => {
    await addRoom(database, room, 'clean')
    await book(database, { id: `B${room}`, room, on: '2025-01-17', ...arrival })
  }

  it('finds who arrives today and was not told; how long to wait, and until when it is news', async () => {
    await ready('301', { status: 'Confirmed' })
    expect(await look('301')).toEqual({
      booking_id: 'B301',
      business_date: '2025-01-17',
      room_changed_at: null,
      delay_seconds: 0,
      check_in_time: '14:00',
      stale_at: '2025-01-17T20:00:00.000Z',
    })
  })

  it('today is the business date: after midnight it is still yesterday, until the night audit', async () => {
    await ready('302')
    expect(await look('302', '2025-01-17T19:59:59Z')).toMatchObject({ business_date: '2025-01-17' })
    expect(await look('302', '2025-01-17T20:00:00Z')).toBeNull()
    expect(await look('302', '2025-01-16T19:59:59Z')).toBeNull()
  })

  it.each([
    ['303', { status: 'cancelled' }],
    ['304', { status: 'checked_in' }],
    ['305', { on: '2025-01-18' }],
    ['306', { notified: true }],
  ])('nobody waits for %s: %j', async (room, arrival) => {
    await ready(room, arrival)
    expect(await look(room)).toBeNull()
  })

  it.each(['dirty', 'pickup', 'occupied', 'out_of_order', 'out_of_service'])(
    'a room is not ready: %s',
    async (status) => {
      const room = `R-${status}`
      await ready(room)
      await database.query('update rooms set status = $2 where room_number = $1', [room, status])
      expect(await look(room)).toBeNull()
    },
  )

  it('nor is one that the hotel wants to inspect first', async () => {
    await ready('307')
    expect(await look('307', NOON, { ...HOTEL, inspectsRooms: true })).toBeNull()
    await database.query("update rooms set status = 'inspected' where room_number = '307'")
    expect(await look('307', NOON, { ...HOTEL, inspectsRooms: true })).toMatchObject({ booking_id: 'B307' })
  })

  it('nor is one that a move holds for another guest', async () => {
    await ready('308')
    await database.query("update rooms set held_for = 'OTHER' where room_number = '308'")
    expect(await look('308')).toBeNull()
    await database.query("update rooms set held_for = 'B308' where room_number = '308'")
    expect(await look('308')).toMatchObject({ booking_id: 'B308' })
  })

  it('nor is one that does not exist', async () => {
    expect(await look('999')).toBeNull()
  })

  it('once marked, nobody waits', async () => {
    await ready('309')
    const mark = (booking_id: string) =>
      database.transaction((sql) =>
        markGuestNotified.run(
          {},
          { booking_id },
          { ...contextOf('mark_guest_notified'), sql, part: async (_name, body) => body() },
        ),
      )
    expect(await mark('B309')).toEqual({ marked: true })
    expect(await mark('B000')).toEqual({ marked: false })
    expect(await look('309')).toBeNull()
    const [row] = await database.query<{ sent: boolean }>(
      "select notification_sent_at is not null as sent from bookings where id = 'B309'",
    )
    expect(row).toEqual({ sent: true })
  })
})

describe('look_at_room', () => {
  const changed_at = '2025-01-17T05:00:00.000Z'

  it('a camera that surely saw it dirty since', async () => {
    const simulator = await startCvSimulator()
    const cv = createHttpCv({ url: simulator.url, guard: createGuard({ service: 'cv', timeoutMs: 5_000 }) })
    const look = (room_number: string) =>
      lookAtRoom.run({ cv }, { room_number, changed_at }, contextOf('look_at_room'))
    try {
      simulator.show('201', { looks: 'dirty', confidence: 0.93, analysed_at: '2025-01-17T05:01:00Z' })
      simulator.show('202', { looks: 'dirty', confidence: 0.93, analysed_at: '2025-01-17T04:59:00Z' })
      expect(await look('201')).toEqual({ looks_dirty: true })
      expect(await look('202')).toEqual({ looks_dirty: false })
      expect(await look('203')).toEqual({ looks_dirty: false })
      simulator.behave('error')
      await expect(look('201')).rejects.toMatchObject({ code: 'cv_unavailable' })
    } finally {
      await cv.close()
      await simulator.close()
    }
  })

  it('without cameras nothing speaks against it', async () => {
    const nothing = lookAtRoom.run(
      { cv: undefined },
      { room_number: '201', changed_at },
      contextOf('look_at_room'),
    )
    expect(await nothing).toEqual({ looks_dirty: false })
  })
})
