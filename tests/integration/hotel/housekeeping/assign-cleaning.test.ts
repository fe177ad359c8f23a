import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { seedHotel } from '../../../../simulators/hotel/hotel.ts'
import { assignCleaning } from '../../../../src/hotel/housekeeping/assign-cleaning.flow.ts'
import { CleaningRequest } from '../../../../src/hotel/housekeeping/cleaning-request.parameters.ts'
import { orderCleaning } from '../../../../src/hotel/rooms/cleaning-orders.tasks.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { openDurableRig } from '../../../support/durable-rig.ts'
import { HOTEL } from '../../../support/hotel-rules.ts'
import { hire } from '../attendance/punches.ts'
import { addRoom, assign, book, storage, TODAY, tasksOf } from './housekeeping-rig.ts'

let test: TestDatabase
let database: TestDatabase['database']
beforeEach(async () => {
  test = await createTestDatabase()
  database = test.database
})
afterEach(() => test?.drop())

const E1 = [{ employee_id: 'E1' }]
const lists = async () =>
  (await tasksOf(database)).map(({ room_number, kind, assigned_to, position }) => [
    room_number,
    kind,
    assigned_to,
    position,
  ])
const setStatus = (room: string, status: string) =>
  database.query('update prefect.housekeeping_tasks set status = $2 where room_number = $1', [room, status])

describe('the day', () => {
  it('is made from rooms and bookings, the urgent first', async () => {
    await addRoom(database, '201')
    await book(database, '201', ['01-15', '01-17'])
    await addRoom(database, '202', { status: 'occupied' })
    await book(database, '202', ['01-15', '01-20'], { status: 'In-House' })
    await addRoom(database, '203', { status: 'dirty' })
    await book(database, '203', ['01-17', '01-19'], { status: 'confirmed', vip: true })
    await addRoom(database, '204', { status: 'dirty' })
    await book(database, '204', ['01-17', '01-19'], { status: 'arrived' })
    await addRoom(database, '205', { status: 'pickup' })
    await addRoom(database, '206', { status: 'clean' })
    await addRoom(database, '207', { status: 'out_of_order' })
    await addRoom(database, '208', { status: 'dirty' })
    await book(database, '208', ['01-17', '01-19'], { status: 'cancelled' })
    await addRoom(database, '209', { status: 'occupied', service: 'dnd' })
    await book(database, '209', ['01-12', '01-16'])
    expect(await assign(database, { attendants: E1 })).toEqual({
      business_date: TODAY,
      assigned: 7,
      unassigned: [],
      attendants: [
        { employee_id: 'E1', rooms: ['204', '203', '201', '205', '208', '202', '209'], minutes: 178 },
      ],
      spread: 0,
      list_url: `storage:housekeeping/${TODAY}.csv`,
    })
    expect(await lists()).toEqual([
      ['201', 'departure', 'E1', 3],
      ['202', 'stay_over', 'E1', 6],
      ['203', 'departure', 'E1', 2],
      ['204', 'departure', 'E1', 1],
      ['205', 'pickup', 'E1', 4],
      ['208', 'departure', 'E1', 5],
      ['209', 'departure', 'E1', 7],
    ])
  })

  it('is the same the second time', async () => {
    for (const room of ['201', '202', '203']) await addRoom(database, room, { status: 'dirty' })
    const people = [{ employee_id: 'E2' }, { employee_id: 'E1' }, { employee_id: 'E3' }]
    const first = await assign(database, { attendants: people })
    const before = await tasksOf(database)
    expect(await assign(database, { attendants: [...people].reverse() })).toEqual(first)
    expect(await tasksOf(database)).toEqual(before)
  })

  it('dry: answers the plan, writes nothing', async () => {
    await addRoom(database, '201', { status: 'dirty' })
    const planned = await assign(database, { attendants: E1, dry_run: true })
    expect(planned).toMatchObject({ assigned: 1, attendants: [{ rooms: ['201'] }] })
    expect(await tasksOf(database)).toEqual([])
  })

  it('what fits nobody is on the list, open, with its reason', async () => {
    await addRoom(database, '201', { status: 'dirty' })
    await addRoom(database, '202', { status: 'occupied' })
    const people = [{ employee_id: 'E1', minutes: 40 }]
    expect(await assign(database, { attendants: people })).toMatchObject({
      assigned: 1,
      unassigned: [{ room_number: '202', kind: 'stay_over', reason: 'no_capacity' }],
    })
    expect(await tasksOf(database)).toMatchObject([
      { status: 'assigned' },
      { status: 'open', assigned_to: null },
    ])
  })

  it('nobody has more than the hotel’s minutes and rooms', async () => {
    for (const room of ['201', '202', '203']) await addRoom(database, room, { status: 'dirty' })
    const given = [{ employee_id: 'E1', minutes: 1_440 }]
    const short = { ...HOTEL, housekeeping: { shiftMinutes: 65, maxRooms: 16 } }
    expect(await assign(database, { attendants: given, dry_run: true }, short)).toMatchObject({ assigned: 2 })
    const few = { ...HOTEL, housekeeping: { shiftMinutes: 420, maxRooms: 1 } }
    expect(await assign(database, { attendants: given, dry_run: true }, few)).toMatchObject({ assigned: 1 })
  })
})

describe('attendants', () => {
  it('are whoever of Housekeeping works that weekday', async () => {
    await addRoom(database, '201', { status: 'dirty' })
    await addRoom(database, '202', { status: 'dirty' })
    await hire(database, 'FRIDAY', { start: '08:00', end: '16:00' }, 'Housekeeping')
    await hire(database, 'MONDAY', { day: 0, start: '08:00', end: '16:00' }, 'Housekeeping')
    await hire(database, 'COOK', { start: '08:00', end: '16:00' })
    const { attendants } = await assign(database)
    expect(attendants).toEqual([{ employee_id: 'FRIDAY', rooms: ['201', '202'], minutes: 60 }])
  })

  it('nobody there: every room says so', async () => {
    await addRoom(database, '201', { status: 'dirty' })
    expect(await assign(database)).toMatchObject({
      attendants: [],
      unassigned: [{ room_number: '201', reason: 'no_attendant' }],
    })
  })

  it('may not be named twice', () => {
    const twice = CleaningRequest.safeParse({ attendants: [...E1, ...E1] })
    expect(twice.error?.issues).toMatchObject([{ path: ['attendants'], message: 'names an employee twice' }])
  })
})

describe('in the course of the day', () => {
  it('what is in progress stays with whoever has it; the rest is planned anew', async () => {
    for (const room of ['201', '202', '203']) await addRoom(database, room, { status: 'dirty' })
    await assign(database, { attendants: E1 })
    await setStatus('202', 'in_progress')
    const replanned = await assign(database, { attendants: [{ employee_id: 'E2' }] })
    expect(replanned.attendants).toEqual([{ employee_id: 'E2', rooms: ['201', '203'], minutes: 60 }])
    expect(await lists()).toEqual([
      ['201', 'departure', 'E2', 1],
      ['202', 'departure', 'E1', 2],
      ['203', 'departure', 'E2', 2],
    ])
  })

  it('the hotel’s log tells who began and who finished', async () => {
    for (const room of ['201', '202', '203']) await addRoom(database, room, { status: 'dirty' })
    await assign(database, { attendants: E1 })
    await database.query(
      `insert into housekeeping_logs (room_number, employee_id, started_at, completed_at, status)
       values ('201', 'E7', now(), null, 'in_progress'), ('202', 'E1', now(), now(), 'completed'),
              ('203', 'E1', now() - interval '1 day', null, 'in_progress')`,
    )
    await database.query(`update rooms set status = 'clean' where room_number = '202'`)
    await assign(database, { attendants: E1 })
    expect(await tasksOf(database)).toMatchObject([
      { room_number: '201', status: 'in_progress', assigned_to: 'E7' },
      { room_number: '202', status: 'done', assigned_to: 'E1' },
      { room_number: '203', status: 'assigned', assigned_to: 'E1' },
    ])
  })

  it('a room that became clean since is closed', async () => {
    for (const room of ['201', '202']) await addRoom(database, room, { status: 'dirty' })
    await assign(database, { attendants: E1 })
    await database.query(
      `update rooms set status = 'inspected', last_cleaned_at = now() + interval '1 minute' where room_number = '201'`,
    )
    expect(await assign(database, { attendants: E1 })).toMatchObject({ assigned: 1 })
    expect(await tasksOf(database)).toMatchObject([
      { room_number: '201', status: 'done', assigned_to: 'E1' },
      { room_number: '202', status: 'assigned' },
    ])
  })

  it('a task that was ordered is in the plan', async () => {
    await addRoom(database, '201', { status: 'occupied' })
    await assign(database, { attendants: E1 })
    const left = {
      roomNumber: '201',
      businessDate: TODAY,
      kind: 'departure',
      reason: 'left early',
      runId: 'fr_1',
    } as const
    await database.transaction((sql) => orderCleaning(sql, left))
    await database.query(`update rooms set status = 'dirty' where room_number = '201'`)
    await assign(database, { attendants: E1 })
    expect(await tasksOf(database)).toMatchObject([{ kind: 'departure', status: 'assigned', minutes: 30 }])
  })
})

it('a whole hotel, on the durable engine, without a date: today’s, fair, everything listed', async () => {
  await seedHotel(database, { seed: 7 })
  await database.query(`update rooms set status = case when floor < 5 then 'dirty' else 'occupied' end`)
  const rig = await openDurableRig([assignCleaning], { hotel: HOTEL, storage }, undefined, test)
  await rig.engine.start({ runId: 'fr_day', flow: assignCleaning, parameters: {} })
  const { status, result } = await rig.ended('fr_day')
  await rig.close()
  expect(status).toBe('completed')
  const day = result as Awaited<ReturnType<typeof assign>>
  expect(day.assigned + day.unassigned.length).toBe(120)
  const listed = day.attendants.flatMap(({ rooms }) => rooms)
  expect(new Set(listed).size).toBe(day.assigned)
  if (day.attendants.length > 0) expect(day.spread).toBeLessThanOrEqual(0.15)
  expect(await tasksOf(database, day.business_date)).toHaveLength(120)
  const key = `housekeeping/${day.business_date}.csv`
  expect(result).toMatchObject({ list_url: `storage:${key}` })
  const kept = await storage.get(key, new AbortController().signal)
  expect(
    Buffer.from(kept ?? [])
      .toString('utf8')
      .trim()
      .split('\r\n'),
  ).toHaveLength(121)
})
