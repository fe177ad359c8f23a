import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type PropertySystemSimulator,
  startPropertySystemSimulator,
} from '../../../../../simulators/services/property-system.ts'
import type { PropertySystem } from '../../../../../src/hotel/services/pms/property-system.ts'
import { startOpenApiMock } from '../../../../support/openapi-mock.ts'
import { call, cloudbedsAt, keepingCache, listed, never } from './pms-rig.ts'

const SINCE = new Date('2025-01-17T03:00:00Z')
const UNTIL = new Date('2025-01-17T04:00:00Z')
const at = (clock: string) => `2025-01-17T03:${clock}.000Z`
const stay = (bookingId: string, modifiedAt = at('30:00')) => ({
  ...{ bookingId, modifiedAt },
  ...{ checkIn: '2025-02-01', checkOut: '2025-02-03' },
})
const JOHN = {
  ...stay('BOOK001'),
  ...{ guestId: 'G1', guestName: 'John Doe', guestEmail: 'john@example.com', guestPhone: '+84900000001' },
  ...{ guestCountry: 'VN', roomNumber: '201', roomType: 'Deluxe', totalAmount: 5_000_000 },
}
const ROOMS = ['201', '202', '203'].map((roomNumber) => ({ roomNumber, roomType: 'Deluxe' }))

let hotel: PropertySystemSimulator
let pms: PropertySystem
beforeEach(async () => {
  const limits = { mostPerPage: 2, requestsPerSecond: 1_000 }
  hotel = await startPropertySystemSimulator({ rooms: ROOMS, reservations: [JOHN], ...limits })
  pms = cloudbedsAt(hotel.url)
})
afterEach(async () => {
  await pms.close()
  await hotel.close()
})
const window = () => listed(pms.modifiedBetween(SINCE, UNTIL, never))
const idsOf = (found: { bookingId: string }[]) => found.map(({ bookingId }) => bookingId).sort()

describe('reading', () => {
  it('a reservation as the hotel has it, and none where there is none', async () => {
    expect(await pms.reservation('BOOK001', never)).toEqual({ ...JOHN, status: 'confirmed' })
    expect(await pms.reservation('BOOK404', never)).toBeUndefined()
  })

  it('modified reservations: all but the price, over pages shorter than asked for', async () => {
    for (const id of ['A', 'B', 'C', 'D']) hotel.add(stay(id))
    const found = await window()
    expect(idsOf(found)).toEqual(['A', 'B', 'BOOK001', 'C', 'D'])
    const john = found.find(({ bookingId }) => bookingId === 'BOOK001')
    expect(john).toEqual({ ...JOHN, status: 'confirmed', totalAmount: null })
    expect(hotel.requests.map(({ query }) => query.get('pageNumber'))).toEqual(['1', '2', '3'])
  })

  it('a change at the edge of a window is missed there and found by the next one that overlaps', async () => {
    hotel.add(stay('EDGE', '2025-01-17T03:59:59.500Z'))
    expect(idsOf(await window())).toEqual(['BOOK001'])
    const next = pms.modifiedBetween(
      new Date('2025-01-17T03:58:00Z'),
      new Date('2025-01-17T05:00:00Z'),
      never,
    )
    expect(idsOf(await listed(next))).toEqual(['EDGE'])
  })

  it('rooms and their housekeeping', async () => {
    hotel.checkIn('BOOK001')
    hotel.checkOut('BOOK001')
    await pms.setHousekeeping({ roomNumber: '202', condition: 'inspected' }, call('k1'))
    expect(await pms.rooms(never)).toEqual([
      { roomNumber: '201', roomType: 'Deluxe', condition: 'dirty', occupied: false },
      { roomNumber: '202', roomType: 'Deluxe', condition: 'inspected', occupied: false },
      { roomNumber: '203', roomType: 'Deluxe', condition: 'clean', occupied: false },
    ])
  })
})

describe('a list that changes while it is read', () => {
  /** Before page `page` is answered, once. */
  function whenAskedFor(page: string, act: () => void) {
    hotel.watch((phase, { query }) => {
      if (phase !== 'before' || query.get('pageNumber') !== page) return
      hotel.watch(undefined)
      act()
    })
  }

  it('one that moves to another page is given once, as it is now', async () => {
    for (const id of ['A', 'B', 'C']) hotel.add(stay(id, at('40:00')))
    whenAskedFor('2', () => hotel.modify('A', { status: 'checked_in', modifiedAt: at('35:00') }))
    const found = await window()
    expect(idsOf(found)).toEqual(['A', 'B', 'BOOK001', 'C'])
    whenAskedFor('2', () => hotel.modify('A', { status: 'checked_out', modifiedAt: at('50:00') }))
    const again = await window()
    expect(idsOf(again)).toEqual(['A', 'B', 'BOOK001', 'C'])
    expect(again.find(({ bookingId }) => bookingId === 'A')).toMatchObject({ status: 'checked_out' })
  })

  it('one that leaves the window takes nobody with it from the next page to one read already', async () => {
    for (const id of ['A', 'B', 'C', 'D']) hotel.add(stay(id, at('40:00')))
    whenAskedFor('2', () => hotel.modify('A', { modifiedAt: '2025-01-17T06:00:00.000Z' }))
    expect(idsOf(await window())).toEqual(['A', 'B', 'BOOK001', 'C', 'D'])
  })

  it('one that never holds still is to be tried again', async () => {
    for (const id of ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H']) hotel.add(stay(id))
    const leaving = [...hotel.reservations.keys()]
    hotel.watch((phase, { query }) => {
      const id = phase === 'before' && query.get('pageNumber') === '2' ? leaving.shift() : undefined
      if (id) hotel.modify(id, { modifiedAt: '2025-01-17T06:00:00.000Z' })
    })
    await expect(window()).rejects.toMatchObject({ name: 'TryAgain', code: 'pms_unsettled' })
  })
})

describe('Cloudbeds’ own pages, made up', () => {
  it('keeps the newest version, wherever it comes', async () => {
    const spec = fileURLToPath(new URL('cloudbeds/pms-v1.3-openapi.yaml', import.meta.url))
    const mock = await startOpenApiMock(spec, { dateTime: /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/ })
    const versions = [
      ['R1', '2025-01-17 10:10:00', 'confirmed'],
      ['R2', '2025-01-17 10:20:00', 'confirmed'],
      ['R1', '2025-01-17 10:30:00', 'checked_in'],
      ['R3', '2025-01-17 10:40:00', 'confirmed'],
      ['R2', '2025-01-17 10:15:00', 'not_confirmed'],
    ]
    mock.answer('GET /getReservations', (sampled, query) => {
      const [reservation] = sampled.data as object[]
      const start = (Number(query.get('pageNumber')) - 1) * 2
      const data = versions.slice(start, start + 2).map(([reservationID, dateModified, status]) => {
        return { ...reservation, reservationID, dateModified, status }
      })
      return { ...sampled, data, count: data.length, total: 5 }
    })
    const adapter = cloudbedsAt(mock.url)
    const found = await listed(adapter.modifiedBetween(SINCE, UNTIL, never))
    expect(found.map(({ bookingId, status, modifiedAt }) => ({ bookingId, status, modifiedAt }))).toEqual([
      { bookingId: 'R1', status: 'checked_in', modifiedAt: '2025-01-17T03:30:00.000Z' },
      { bookingId: 'R2', status: 'confirmed', modifiedAt: '2025-01-17T03:20:00.000Z' },
      { bookingId: 'R3', status: 'confirmed', modifiedAt: '2025-01-17T03:40:00.000Z' },
    ])
    expect(mock.misfits).toEqual([])
    await adapter.close()
    await mock.close()
  })
})

describe('writing', () => {
  const MOVE = { bookingId: 'BOOK001', fromRoom: '201', toRoom: '202' }

  it('moves once, however often it is asked', async () => {
    await pms.moveRoom(MOVE, call('k1'))
    await pms.moveRoom(MOVE, call('k1'))
    expect(hotel.writes).toMatchObject([{ act: 'move', id: 'BOOK001', change: { from: '201', to: '202' } }])
  })

  it('moves once when the answer to the first request is lost', async () => {
    const abort = new AbortController()
    hotel.watch((phase, { path }) => {
      if (phase === 'after' && path === '/postRoomAssign') abort.abort(new Error('the worker died'))
    })
    await expect(pms.moveRoom(MOVE, call('k1', abort.signal))).rejects.toThrow('the worker died')
    await pms.moveRoom(MOVE, call('k1'))
    expect(hotel.writes).toHaveLength(1)
  })

  it('leaves a guest alone whom the front desk has put elsewhere', async () => {
    hotel.modify('BOOK001', { roomNumber: '203' })
    const elsewhere = { name: 'GiveUp', code: 'pms_moved_meanwhile' }
    await expect(pms.moveRoom(MOVE, call('k1'))).rejects.toMatchObject(elsewhere)
    await expect(pms.moveRoom({ ...MOVE, fromRoom: null }, call('k2'))).rejects.toMatchObject(elsewhere)
    expect(hotel.writes).toEqual([])
  })

  it('cancels and reinstates once', async () => {
    for (const _ of [1, 2]) await pms.cancelReservation('BOOK001', call('k1'))
    expect(hotel.reservations.get('BOOK001')?.status).toBe('cancelled')
    for (const _ of [1, 2]) await pms.reinstateReservation('BOOK001', call('k2'))
    expect(hotel.reservations.get('BOOK001')?.status).toBe('confirmed')
    expect(hotel.writes.map(({ act }) => act)).toEqual(['cancel', 'reinstate'])
  })

  it('gives up on what the hotel refuses, without its words', async () => {
    hotel.checkIn('BOOK001')
    hotel.add({ ...stay('BOOK002'), roomNumber: '202' })
    const told = (code: string, message: string) => ({ name: 'GiveUp', code, message })
    await expect(pms.cancelReservation('BOOK001', call('k1'))).rejects.toMatchObject(
      told('pms_refused', '"pms" refused putReservation.'),
    )
    const taken = { bookingId: 'BOOK002', fromRoom: '202', toRoom: '201' }
    await expect(pms.moveRoom(taken, call('k2'))).rejects.toMatchObject(
      told('pms_refused', '"pms" refused postRoomAssign.'),
    )
    await expect(pms.cancelReservation('BOOK404', call('k3'))).rejects.toMatchObject(
      told('pms_not_found', '"pms" has no reservation BOOK404.'),
    )
    const another = cloudbedsAt(hotel.url, { propertyId: '2' })
    await expect(another.rooms(never)).rejects.toMatchObject({ code: 'pms_unauthorized' })
    await another.close()
  })

  it('remembers rooms, and looks again for one it does not know', async () => {
    const asked = () => hotel.requests.filter(({ path }) => path === '/getRooms').length
    await pms.setHousekeeping({ roomNumber: '201', condition: 'dirty' }, call('k1'))
    const once = asked()
    await pms.setHousekeeping({ roomNumber: '203', condition: 'dirty' }, call('k2'))
    expect(asked()).toBe(once)
    hotel.rooms.set('901', { roomNumber: '901', roomType: null, condition: 'clean', occupied: false })
    await pms.setHousekeeping({ roomNumber: '901', condition: 'dirty' }, call('k3'))
    expect(hotel.rooms.get('901')?.condition).toBe('dirty')
    const unknown = pms.setHousekeeping({ roomNumber: '999', condition: 'dirty' }, call('k4'))
    await expect(unknown).rejects.toMatchObject({ name: 'GiveUp', code: 'pms_unknown_room' })
  })

  it('finds a new room also when the cache cannot forget', async () => {
    const stuck = cloudbedsAt(hotel.url, { cache: { ...keepingCache(), forget: async () => {} } })
    await stuck.setHousekeeping({ roomNumber: '201', condition: 'dirty' }, call('k1'))
    hotel.rooms.set('901', { roomNumber: '901', roomType: null, condition: 'clean', occupied: false })
    await stuck.setHousekeeping({ roomNumber: '901', condition: 'dirty' }, call('k2'))
    expect(hotel.rooms.get('901')?.condition).toBe('dirty')
    await stuck.close()
  })
})
