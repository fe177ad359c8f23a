import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { moveGuestRoom } from '../../../../src/hotel/bookings/move-guest-room.flow.ts'
import { roomLock } from '../../../../src/hotel/locks.ts'
import { applyRoomChange } from '../../../../src/hotel/rooms/room-changes.tasks.ts'
import type { AnyFlow } from '../../../../src/platform/engine/flow.ts'
import { newRunId } from '../../../../src/platform/engine/ids.ts'
import { minute } from '../../../support/hotel-rules.ts'
import { inTurn } from '../../../support/in-turn.ts'
import { cleaningOf, roomOf, rowOf, tell, toldAbout } from './booking-rig.ts'
import { alertsOf, openHotel, openSagaRig, type SagaRig } from './saga-rig.ts'

let sagas: SagaRig
let rig: SagaRig['rig']
let pms: SagaRig['pms']
beforeAll(async () => {
  sagas = await openSagaRig()
  rig = sagas.rig
  pms = sagas.pms
})
beforeEach(() => {
  sagas.usePms(true)
  pms.behave('ok')
  pms.watch(undefined)
})
afterAll(() => sagas?.close())

describe('a room move', () => {
  it('of a guest in the house: rooms, property system, cleaning, booking, and the guest is told', async () => {
    const { id, from, to, move, inPms } = await openHotel(sagas, { inHouse: true })
    const ended = await move({ from_room: from })
    expect(ended).toMatchObject({
      status: 'completed',
      result: { status: 'moved', from_room: from, to_room: to },
    })
    expect(ended.result).toMatchObject({ guest_told: 'sandbox' })
    expect(await rowOf(rig.database, id)).toMatchObject({ status: 'checked_in', room_number: to })
    expect(await roomOf(rig.database, from)).toEqual({ status: 'dirty', held_for: null })
    expect(await roomOf(rig.database, to)).toEqual({ status: 'occupied', held_for: null })
    expect(await cleaningOf(rig.database, from)).toEqual([
      { kind: 'departure', status: 'open', reason: 'room_move' },
    ])
    expect(inPms()?.roomNumber).toBe(to)
    expect(await toldAbout(rig.database, id)).toEqual(['room_moved'])
  })

  it('of a guest who is to come: nobody slept in the old room, so it stays as it is', async () => {
    const { id, from, to, move, inPms } = await openHotel(sagas)
    expect((await move()).status).toBe('completed')
    expect(await rowOf(rig.database, id)).toMatchObject({ status: 'confirmed', room_number: to })
    expect(await roomOf(rig.database, from)).toEqual({ status: 'clean', held_for: null })
    expect(await roomOf(rig.database, to)).toEqual({ status: 'inspected', held_for: null })
    expect(await cleaningOf(rig.database, from)).toEqual([])
    expect(inPms()?.roomNumber).toBe(to)
  })

  it('of a booking that a property system whose clock is ahead dates in our future', async () => {
    const toldAt = (Date.now() + 30_000 - minute(0).getTime()) / 60_000
    const toCome = await openHotel(sagas, { toldAt })
    expect((await toCome.move()).status).toBe('completed')
    expect(await rowOf(rig.database, toCome.id)).toMatchObject({ room_number: toCome.to })
    const { id, from, to, move } = await openHotel(sagas, { toldAt, inHouse: true })
    const arrival = {
      roomNumber: from,
      at: minute(toldAt + 1),
      key: `arrival of ${id}`,
      source: 'booking',
    } as const
    await inTurn(rig.database, roomLock(from), (sql) =>
      applyRoomChange(sql, {
        ...arrival,
        by: null,
        change: { word: 'occupied' },
        runId: 'fr_arrival',
        roomsFromEvents: 'no',
      }),
    )
    expect((await move()).status).toBe('completed')
    expect(await roomOf(rig.database, from)).toMatchObject({ status: 'dirty' })
    expect(await roomOf(rig.database, to)).toMatchObject({ status: 'occupied' })
  })

  it('without a property system it is made here', async () => {
    const { id, to, move, inPms, from } = await openHotel(sagas)
    sagas.usePms(false)
    expect((await move()).status).toBe('completed')
    expect(await rowOf(rig.database, id)).toMatchObject({ room_number: to })
    expect(inPms()?.roomNumber).toBe(from)
  })

  it('that somebody made in the property system already is completed here', async () => {
    const { id, to, move } = await openHotel(sagas)
    pms.modify(id, { roomNumber: to })
    const before = pms.writes.length
    expect((await move()).status).toBe('completed')
    expect(pms.writes.length).toBe(before)
    expect(await rowOf(rig.database, id)).toMatchObject({ room_number: to })
  })

  it.each([
    ['room_occupied', `update rooms set status = 'occupied' where room_number = $1`],
    ['room_not_clean', `update rooms set status = 'dirty' where room_number = $1`],
    ['room_in_maintenance', `update rooms set status = 'out_of_order' where room_number = $1`],
    ['room_held', `update rooms set held_for = 'OTHER' where room_number = $1`],
    ['room_not_found', `delete from rooms where room_number = $1`],
    [
      'room_assigned',
      `insert into bookings (id, room_number, check_in_date, check_out_date, status)
       values ('IN' || $1, $1, '2024-01-01', '2099-01-01', 'Checked In')`,
    ],
  ])('is refused with %s, and nothing is changed', async (code, sql) => {
    const { id, from, to, move, inPms } = await openHotel(sagas)
    await rig.database.query(sql, [to])
    const before = await roomOf(rig.database, to)
    expect(await move()).toMatchObject({
      status: 'failed',
      error: { code, data: { task_name: 'hold_new_room' } },
    })
    expect(await roomOf(rig.database, to)).toEqual(before)
    expect(await rowOf(rig.database, id)).toMatchObject({ room_number: from })
    expect(inPms()?.roomNumber).toBe(from)
  })

  it.each([
    ['wrong_room', { from_room: '999' }, undefined],
    ['same_room', { to_room: 'own' }, undefined],
    ['booking_not_found', { booking_id: 'NOBODY' }, undefined],
    ['booking_not_active', {}, 'cancelled'],
  ] as const)('is refused with %s before anything is touched', async (code, more, act) => {
    const hotel = await openHotel(sagas)
    if (act) await tell(rig.database, hotel.id, { at: 5, act })
    const asked = 'to_room' in more ? { to_room: hotel.from } : more
    expect(await hotel.move(asked)).toMatchObject({
      status: 'failed',
      error: { code, data: { task_name: 'plan_room_move' } },
    })
    expect((await roomOf(rig.database, hotel.to))?.held_for).toBeNull()
  })

  it('is refused when the property system has the guest elsewhere', async () => {
    const { id, move } = await openHotel(sagas)
    pms.modify(id, { roomNumber: '777' })
    expect(await move()).toMatchObject({ error: { code: 'other_room_in_property_system' } })
  })

  it('another stay in other nights does not speak against it', async () => {
    const { to, move } = await openHotel(sagas)
    await rig.database.query(
      `insert into bookings (id, room_number, check_in_date, check_out_date, status)
       values ('P' || $1, $1, '2024-01-01', '2024-01-03', 'confirmed'),
              ('C' || $1, $1, '2024-01-01', '2099-01-03', 'CANCELLED')`,
      [to],
    )
    expect((await move()).status).toBe('completed')
  })

  it('that the property system tells of while it is made is not taken back: that event sees to the rooms', async () => {
    const { id, to, move, inPms } = await openHotel(sagas, { inHouse: true })
    pms.watch(async (phase, { path }) => {
      if (phase !== 'after' || !path.endsWith('/move')) return
      await tell(rig.database, id, { at: 60, act: 'modified', details: { room_data: { room_number: to } } })
    })
    expect((await move()).status).toBe('completed')
    expect(await rowOf(rig.database, id)).toMatchObject({ status: 'checked_in', room_number: to })
    expect(await roomOf(rig.database, to)).toEqual({ status: 'inspected', held_for: null })
    expect(inPms()?.roomNumber).toBe(to)
  })

  it('that fails half way is taken back, last first: somebody moved into the new room meanwhile', async () => {
    const { id, from, to, move, inPms } = await openHotel(sagas, { inHouse: true })
    pms.watch(async (phase, { path }) => {
      if (phase !== 'after' || !path.endsWith('/move')) return
      await rig.database.query(`update rooms set status = 'occupied' where room_number = $1`, [to])
    })
    const ended = await move()
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'room_occupied' }, flagged: undefined })
    expect(await rowOf(rig.database, id)).toMatchObject({ status: 'checked_in', room_number: from })
    expect(await roomOf(rig.database, from)).toEqual({ status: 'occupied', held_for: null })
    expect(await roomOf(rig.database, to)).toEqual({ status: 'occupied', held_for: null })
    expect(await cleaningOf(rig.database, from)).toEqual([])
    expect(inPms()?.roomNumber).toBe(from)
    expect(await toldAbout(rig.database, id)).toEqual([])
  })

  it('what the property system refuses is taken back here', async () => {
    const { to, from, move, inPms } = await openHotel(sagas)
    pms.rooms.set(to, { roomNumber: to, roomType: null, condition: 'clean', occupied: true })
    expect(await move()).toMatchObject({
      status: 'failed',
      error: { data: { task_name: 'move_in_property_system' } },
    })
    expect(await roomOf(rig.database, to)).toEqual({ status: 'inspected', held_for: null })
    expect(inPms()?.roomNumber).toBe(from)
  })

  it('what cannot be taken back flags the run and is told to the duty manager', async () => {
    const { id, to, move } = await openHotel(sagas)
    pms.watch(async (phase, { path }) => {
      if (phase !== 'after' || !path.endsWith('/move')) return
      await rig.database.query(`update bookings set room_number = 'X' where id = $1`, [id])
      pms.behave('unauthorized')
    })
    const { runId, ...ended } = await move()
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'saga_undo_failed' } })
    expect(ended.flagged).toContain('move_back_in_property_system')
    expect(await alertsOf(sagas, runId)).toEqual([
      { channel: 'slack', recipient: 'U0DUTY' },
      { channel: 'sms', recipient: '+84900000001' },
    ])
    // The other undos are made all the same.
    expect(await roomOf(rig.database, to)).toEqual({ status: 'inspected', held_for: null })
  })

  it('of two moves to the same room one is made', async () => {
    const one = await openHotel(sagas)
    const other = await openHotel(sagas)
    const results = await Promise.all([one.move(), other.move({ to_room: one.to })])
    expect(results.map(({ status }) => status).sort()).toEqual(['completed', 'failed'])
    const rows = await rig.database.query('select id from bookings where room_number = $1', [one.to])
    expect(rows).toHaveLength(1)
  })

  it('a cancel in the middle takes back what was done', async () => {
    const { id, from, to } = await openHotel(sagas, { inHouse: true })
    const runId = newRunId()
    pms.watch(async (phase, { path }) => {
      if (phase === 'after' && path.endsWith('/move')) await rig.engine.cancel(runId)
    })
    const parameters = { booking_id: id, to_room: to, reason: 'noise' }
    await rig.engine.start({ runId, flow: moveGuestRoom as AnyFlow, parameters })
    expect((await rig.ended(runId)).status).toBe('cancelled')
    expect(await rowOf(rig.database, id)).toMatchObject({ room_number: from })
    expect(await roomOf(rig.database, to)).toEqual({ status: 'inspected', held_for: null })
    expect(pms.reservations.get(id)?.roomNumber).toBe(from)
  })
})
