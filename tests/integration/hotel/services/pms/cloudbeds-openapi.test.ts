/** Every request of the adapter against Cloudbeds' own description, and its answers read as described. */
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PropertySystem } from '../../../../../src/hotel/services/pms/property-system.ts'
import { type OpenApiMock, startOpenApiMock } from '../../../../support/openapi-mock.ts'
import { call, cloudbedsAt, listed, never } from './pms-rig.ts'

const SPEC = fileURLToPath(new URL('cloudbeds/pms-v1.3-openapi.yaml', import.meta.url))
/** As the vendor's technical notes have it: 2015-12-31 23:59:59. */
const VENDOR_DATE_TIME = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/
const SINCE = new Date('2025-01-17T03:00:00Z')
const UNTIL = new Date('2025-01-17T04:00:00Z')
const ROOMS = [
  { roomID: '7000-0', roomName: '201', roomTypeID: '31', roomTypeName: 'Deluxe', isVirtual: false },
  { roomID: '7001-0', roomName: '202', roomTypeID: '32', roomTypeName: 'Suite', isVirtual: false },
  { roomID: '7002-0', roomName: 'Rooftop', roomTypeID: '33', roomTypeName: 'Event', isVirtual: true },
]

let mock: OpenApiMock
let pms: PropertySystem
beforeAll(async () => {
  mock = await startOpenApiMock(SPEC, { dateTime: VENDOR_DATE_TIME })
})
afterAll(() => mock.close())
beforeEach(() => {
  mock.misfits.length = 0
  mock.asked.length = 0
  mock.answer('GET /getRooms', () => ({ success: true, data: [{ propertyID: '1', rooms: ROOMS }] }))
  for (const operation of ['GET /getReservation', 'GET /getReservations']) mock.answer(operation, undefined)
  pms = cloudbedsAt(mock.url)
})
afterEach(async () => {
  await pms.close()
  expect(mock.misfits).toEqual([])
})

interface Stay {
  status?: string
  assigned?: { roomName: string; roomID: string; subReservationID: string }[]
  unassigned?: { subReservationID: string }[]
}
function holding(stay: Stay) {
  mock.answer('GET /getReservation', (sampled) => ({
    ...sampled,
    data: { ...(sampled.data as object), ...stay },
  }))
}
const in201 = { roomName: '201', roomID: '7000-0', subReservationID: 'R1-1' }

describe('requests that fit the description', () => {
  it('a reservation, as sampled', async () => {
    expect(await pms.reservation('R1', never)).toEqual({
      bookingId: 'string',
      status: 'confirmed',
      guestId: 'string',
      guestName: 'string',
      guestEmail: 'string',
      guestPhone: 'string',
      guestCountry: null,
      roomNumber: 'string',
      roomType: 'string',
      checkIn: '2019-08-24',
      checkOut: '2019-08-24',
      totalAmount: 0,
      modifiedAt: '2019-08-24T14:15:22.000Z',
    })
    expect(mock.asked).toEqual([
      { operation: 'GET /getReservation', given: { propertyID: '1', reservationID: 'R1' } },
    ])
  })

  it('modified reservations, as sampled, in the window of the property’s own clock', async () => {
    expect(await listed(pms.modifiedBetween(SINCE, UNTIL, never))).toMatchObject([
      { bookingId: 'string', status: 'not_confirmed', guestEmail: 'string', totalAmount: null },
    ])
    expect(mock.asked[0]?.given).toMatchObject({
      modifiedFrom: '2025-01-17 10:00:00',
      modifiedTo: '2025-01-17 11:00:00',
      pageNumber: '1',
      pageSize: '100',
    })
  })

  it('rooms with their housekeeping, physical ones only', async () => {
    mock.answer('GET /getHousekeepingStatus', (sampled) => {
      const [room] = sampled.data as object[]
      const data = [{ ...room, roomID: '7000-0', roomCondition: 'dirty', roomOccupied: true }]
      return { ...sampled, data, total: 1 }
    })
    expect(await pms.rooms(never)).toEqual([
      { roomNumber: '201', roomType: 'Deluxe', condition: 'dirty', occupied: true },
      { roomNumber: '202', roomType: 'Suite', condition: null, occupied: null },
    ])
  })

  it.each(['dirty', 'clean', 'inspected'] as const)('a room set %s', async (condition) => {
    await pms.setHousekeeping({ roomNumber: '202', condition }, call('k1'))
    expect(mock.asked.at(-1)).toEqual({
      operation: 'POST /postHousekeepingStatus',
      given: { propertyID: '1', roomID: '7001-0', roomCondition: condition },
    })
  })

  it('a move names the room left and the type of the new one', async () => {
    holding({ assigned: [in201], unassigned: [] })
    await pms.moveRoom({ bookingId: 'R1', fromRoom: '201', toRoom: '202' }, call('k1'))
    expect(mock.asked.at(-1)).toEqual({
      operation: 'POST /postRoomAssign',
      given: {
        propertyID: '1',
        reservationID: 'R1',
        subReservationID: 'R1-1',
        oldRoomID: '7000-0',
        newRoomID: '7001-0',
        roomTypeID: '32',
      },
    })
  })

  it('a first room is assigned to what has none', async () => {
    holding({ assigned: [], unassigned: [{ subReservationID: 'R1-2' }] })
    await pms.moveRoom({ bookingId: 'R1', fromRoom: null, toRoom: '202' }, call('k1'))
    expect(mock.asked.at(-1)?.given).toEqual({
      propertyID: '1',
      reservationID: 'R1',
      subReservationID: 'R1-2',
      newRoomID: '7001-0',
      roomTypeID: '32',
    })
  })

  it('a stay in two rooms moves out of the one that is named', async () => {
    const both = [in201, { roomName: '305', roomID: '7005-0', subReservationID: 'R1-2' }]
    holding({ assigned: both, unassigned: [] })
    await pms.moveRoom({ bookingId: 'R1', fromRoom: '305', toRoom: '202' }, call('k1'))
    expect(mock.asked.at(-1)?.given).toMatchObject({ subReservationID: 'R1-2', oldRoomID: '7005-0' })
  })

  it.each([
    ['cancelReservation', 'confirmed', 'canceled'],
    ['reinstateReservation', 'canceled', 'confirmed'],
  ] as const)('%s', async (act, from, to) => {
    holding({ status: from })
    await pms[act]('R1', call('k1'))
    const given = { propertyID: '1', reservationID: 'R1', status: to }
    expect(mock.asked.at(-1)).toEqual({ operation: 'PUT /putReservation', given })
  })

  it('a key of one property needs no property id', async () => {
    const alone = cloudbedsAt(mock.url, { propertyId: undefined })
    await alone.setHousekeeping({ roomNumber: '201', condition: 'clean' }, call('k1'))
    await listed(alone.modifiedBetween(SINCE, UNTIL, never))
    expect(mock.asked.filter(({ given }) => 'propertyID' in given || 'propertyIDs' in given)).toEqual([])
    await alone.close()
  })
})

describe('the mock itself', () => {
  const ask = async (path: string, init: RequestInit = {}, key = 'demo-key') => {
    await fetch(`${mock.url}/${path}`, { ...init, headers: { 'x-api-key': key, ...init.headers } })
    return mock.misfits.splice(0).join()
  }

  it.each([
    ['an unknown path', 'getEverything', 'is not in the description'],
    ['a misspelt parameter', 'getReservations?modifiedform=2025-01-17', 'modifiedform'],
    ['a value of no kind known', 'getReservations?status=cancelled', '/status must be equal to one of'],
    ['a number that is none', 'getReservations?pageNumber=two', '/pageNumber must be integer'],
    [
      'another form of date-time',
      'getReservations?modifiedFrom=2025-01-17T10:00:00Z',
      '/modifiedFrom must match format',
    ],
    ['a missing parameter', 'getReservation', 'reservationID'],
  ])('notices %s', async (_, path, reason) => {
    expect(await ask(path)).toContain(reason)
  })

  it('notices what is wrong with a form', async () => {
    const form = (fields: Record<string, string>) => ({ method: 'POST', body: new URLSearchParams(fields) })
    const json = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }
    expect(await ask('postRoomAssign', form({ reservationID: 'R1' }))).toContain('newRoomID')
    expect(await ask('postHousekeepingStatus', form({ roomID: '1', roomCondition: 'shiny' }))).toContain(
      'roomCondition',
    )
    expect(await ask('postHousekeepingStatus', json)).toContain('not as a form')
    expect(await ask('getRooms', {}, '')).toContain('x-api-key')
  })

  it('notices an answer that Cloudbeds would not give', async () => {
    mock.answer('GET /getRooms', () => ({ success: 'yes' }))
    expect(await ask('getRooms')).toContain('/success must be boolean')
  })
})
