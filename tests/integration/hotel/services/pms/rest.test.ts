import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  type PropertySystemSimulator,
  startPropertySystemSimulator,
} from '../../../../../simulators/services/property-system.ts'
import type { PropertySystem } from '../../../../../src/hotel/services/pms/property-system.ts'
import { call, listed, never, restAt } from './pms-rig.ts'

const SINCE = new Date('2025-01-17T03:00:00Z')
const UNTIL = new Date('2025-01-17T04:00:00Z')
const stay = (bookingId: string, modifiedAt = '2025-01-17T03:30:00.000Z') => ({
  ...{ bookingId, modifiedAt },
  ...{ checkIn: '2025-02-01', checkOut: '2025-02-03' },
})
const JOHN = {
  ...stay('BOOK/001'),
  ...{ guestId: 'G1', guestName: 'John Doe', guestEmail: 'john@example.com', guestPhone: '+84900000001' },
  ...{ guestCountry: 'VN', roomNumber: '201', roomType: 'Deluxe', totalAmount: 5_000_000 },
}
const MOVE = { bookingId: 'BOOK/001', fromRoom: '201', toRoom: '202' }

let hotel: PropertySystemSimulator
let pms: PropertySystem
beforeEach(async () => {
  const rooms = ['201', '202'].map((roomNumber) => ({ roomNumber, roomType: 'Deluxe' }))
  const limits = { mostPerPage: 2, requestsPerSecond: 1_000 }
  hotel = await startPropertySystemSimulator({ style: 'rest', rooms, reservations: [JOHN], ...limits })
  pms = restAt(hotel.url)
})
afterEach(async () => {
  await pms.close()
  await hotel.close()
})

it('reads a reservation as the hotel has it, and none where there is none', async () => {
  expect(await pms.reservation('BOOK/001', never)).toEqual({ ...JOHN, status: 'confirmed' })
  expect(await pms.reservation('BOOK404', never)).toBeUndefined()
  await expect(pms.reservation('..', never)).rejects.toMatchObject({
    name: 'GiveUp',
    code: 'pms_invalid_request',
  })
})

it('reads modified reservations over pages, each once, also when they move meanwhile', async () => {
  for (const id of ['A', 'B', 'C', 'D']) hotel.add(stay(id))
  hotel.watch((phase, { query }) => {
    if (phase !== 'before' || query.get('page') !== '2') return
    hotel.watch(undefined)
    hotel.modify('A', { modifiedAt: '2025-01-17T03:50:00.000Z', status: 'checked_in' })
  })
  const found = await listed(pms.modifiedBetween(SINCE, UNTIL, never))
  expect(found.map(({ bookingId }) => bookingId).sort()).toEqual(['A', 'B', 'BOOK/001', 'C', 'D'])
  expect(found.find(({ bookingId }) => bookingId === 'A')).toMatchObject({ status: 'checked_in' })
})

it('reads and sets rooms', async () => {
  await pms.setHousekeeping({ roomNumber: '202', condition: 'dirty' }, call('k1'))
  expect(await pms.rooms(never)).toEqual([
    { roomNumber: '201', roomType: 'Deluxe', condition: 'clean', occupied: false },
    { roomNumber: '202', roomType: 'Deluxe', condition: 'dirty', occupied: false },
  ])
})

it('sends its key with every write, under which each is done once', async () => {
  for (const _ of [1, 2]) await pms.moveRoom(MOVE, call('move-1'))
  for (const _ of [1, 2]) await pms.cancelReservation('BOOK/001', call('cancel-1'))
  for (const _ of [1, 2]) await pms.reinstateReservation('BOOK/001', call('reinstate-1'))
  for (const _ of [1, 2])
    await pms.setHousekeeping({ roomNumber: '201', condition: 'dirty' }, call('clean-1'))
  expect(hotel.writes.map(({ act, key }) => [act, key])).toEqual([
    ['move', 'move-1'],
    ['cancel', 'cancel-1'],
    ['reinstate', 'reinstate-1'],
    ['set_housekeeping', 'clean-1'],
  ])
})

it('a repeat after the front desk has gone on changes nothing any more', async () => {
  await pms.cancelReservation('BOOK/001', call('cancel-1'))
  hotel.modify('BOOK/001', { status: 'confirmed' })
  await pms.cancelReservation('BOOK/001', call('cancel-1'))
  expect(hotel.reservations.get('BOOK/001')?.status).toBe('confirmed')
})

it('gives up on what is refused', async () => {
  hotel.modify('BOOK/001', { roomNumber: '202' })
  await expect(pms.moveRoom({ ...MOVE, toRoom: '201', fromRoom: null }, call('k1'))).rejects.toMatchObject({
    name: 'GiveUp',
    code: 'pms_refused',
  })
  await expect(pms.cancelReservation('BOOK404', call('k2'))).rejects.toMatchObject({ code: 'pms_not_found' })
  const stranger = restAt(hotel.url, {}, 'wrong')
  await expect(stranger.rooms(never)).rejects.toMatchObject({ name: 'GiveUp', code: 'pms_unauthorized' })
  await stranger.close()
})

it('an answer in another form is not believed', async () => {
  hotel.add({ ...stay('ODD'), modifiedAt: 'yesterday' })
  await expect(pms.reservation('ODD', never)).rejects.toMatchObject({
    code: 'pms_invalid_answer',
    message: '"pms" answered in another form: modified_at.',
  })
})
