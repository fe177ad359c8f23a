/** Events of bookings in any order, against the rooms: the end is the same. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RoomEffect } from '../../../../src/hotel/bookings/booking.rules.ts'
import { settleRoom } from '../../../../src/hotel/bookings/bookings.tasks.ts'
import { checkInGuest } from '../../../../src/hotel/bookings/check-in-guest.flow.ts'
import { roomLock } from '../../../../src/hotel/locks.ts'
import type { AnyFlow } from '../../../../src/platform/engine/flow.ts'
import type { Database } from '../../../../src/platform/postgres/pool.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { openDurableRig } from '../../../support/durable-rig.ts'
import { HOTEL } from '../../../support/hotel-rules.ts'
import { inTurn } from '../../../support/in-turn.ts'
import { sandboxDeps } from '../../../support/sandbox-deps.ts'
import { contextOf } from '../../../support/task-context.ts'
import { eventOf, runFlow, type Told, tell } from '../bookings/booking-rig.ts'
import { addRoom } from './hotel.ts'
import { historyOf, roomOf, say } from './room-rig.ts'

let test: TestDatabase
let database: Database
beforeAll(async () => {
  test = await createTestDatabase()
  database = test.database
})
afterAll(() => test?.drop())

/** As the task does it: under its lock. */
const settle = (bookingId: string, effect: RoomEffect) =>
  inTurn(database, roomLock(effect.roomNumber), (sql) => {
    const part = async <T>(_name: string, body: () => Promise<T> | T) => body()
    const context = { ...contextOf('settle_room'), sql, part }
    return settleRoom.run({ hotel: HOTEL }, { ...effect, bookingId }, context)
  })

async function happen(bookingId: string, events: readonly Told[]): Promise<void> {
  for (const event of events) {
    const { effects } = await tell(database, bookingId, event)
    for (const effect of effects) await settle(bookingId, effect)
  }
}

const room = (room_number: string | null) => ({ room_data: { room_number } })
const occupancy = async (...numbers: string[]) =>
  Promise.all(numbers.map(async (number) => (await roomOf(database, number)).occupancy))

describe.each([
  ['in order', (events: Told[]) => events],
  ['reversed', (events: Told[]) => events.toReversed()],
])('%s', (name, arranged) => {
  const id = name.replace(' ', '')
  const [one, two, three] = name === 'in order' ? ['101', '102', '103'] : ['201', '202', '203']

  it('two check-ins of one booking: the guest is in the room', async () => {
    await addRoom(database, one, 'inspected')
    const came = [10, 11].map((at): Told => ({ at, act: 'checked_in' }))
    await happen(`TWICE_${id}`, [{ at: 0, act: 'new_booking', details: room(one) }, ...arranged(came)])
    expect(await roomOf(database, one)).toMatchObject({ status: 'occupied', housekeeping: 'inspected' })
  })

  it('a move that is told twice: out of the old room, in the new one', async () => {
    const moved = [19, 20].map((at): Told => ({ at, act: 'modified', details: room(three) }))
    const came: Told = { at: 10, act: 'checked_in', details: room(two) }
    await happen(`MOVED_${id}`, [came, ...arranged(moved)])
    expect(await occupancy(two, three)).toEqual(['vacant', 'occupied'])
  })
})

it('a check-in that never was leaves the room as it was, made and inspected', async () => {
  await addRoom(database, '301', 'inspected')
  await happen('NEVER', [
    { at: 10, act: 'checked_in', details: room('301') },
    { at: 20, act: 'checked_out' },
    { at: 5, act: 'cancelled' },
  ])
  expect(await roomOf(database, '301')).toMatchObject({ status: 'inspected', state_at: null })
})

it('of two runs with one effect, the one that is late does not bring back what is withdrawn', async () => {
  await addRoom(database, '401', 'inspected')
  const { effects } = await tell(database, 'LATE', { at: 10, act: 'checked_in', details: room('401') })
  await happen('LATE', [{ at: 5, act: 'cancelled' }])
  expect(effects).toHaveLength(1)
  for (const effect of effects) await settle('LATE', effect)
  expect(await roomOf(database, '401')).toMatchObject({ status: 'inspected' })
})

it('what was withdrawn and is true after all counts again', async () => {
  const came = [10, 8].map((at): Told => ({ at, act: 'checked_in', details: room('501') }))
  const elsewhere: Told = { at: 9, act: 'modified', details: room('502') }
  await happen('AGAIN', [...came, elsewhere])
  expect(await occupancy('501', '502')).toEqual(['occupied', 'vacant'])
  const rows = await historyOf(database, '501')
  expect(rows.map(({ change, refused }) => [(change as { word: string }).word, refused])).toEqual([
    ['occupied', null],
    ['vacant', null],
    ['occupied', null],
  ])
})

it('two check-ins told in reverse, by their own runs', async () => {
  const rig = await openDurableRig([checkInGuest], await sandboxDeps(database), undefined, test)
  await addRoom(database, '601', 'inspected')
  const came = (at: number) => eventOf('RUNS', at, { event_type: 'checked_in', ...room('601') })
  await runFlow(rig, checkInGuest as AnyFlow, came(11))
  const { result } = await runFlow(rig, checkInGuest as AnyFlow, came(10))
  await rig.close()
  expect(result).toMatchObject({
    status: 'completed',
    rooms: [
      { room_number: '601', change: 'occupy' },
      { room_number: '601', change: 'occupy_withdrawn' },
    ],
  })
  expect(await roomOf(database, '601')).toMatchObject({ status: 'occupied' })
})

interface StoryEvent extends Told {
  booking: string
}

/** What is to be done in rooms is done at once; with `picks`, one thing at a time and in the order they say. */
async function play(events: readonly StoryEvent[], picks?: readonly number[]): Promise<void> {
  const waiting: { booking: string; effect: RoomEffect }[] = []
  const settleOne = async (pick = 0) => {
    const [next] = waiting.splice(pick % Math.max(1, waiting.length), 1)
    if (next) await settle(next.booking, next.effect)
  }
  for (const [i, { booking, ...event }] of events.entries()) {
    const { effects } = await tell(database, booking, event)
    waiting.push(...effects.map((effect) => ({ booking, effect })))
    if (picks) await settleOne(picks[i])
    else while (waiting.length > 0) await settleOne()
  }
  while (waiting.length > 0) await settleOne(picks?.[waiting.length])
}

describe('25 stories of two bookings in two rooms', () => {
  const acts = ['new_booking', 'modified', 'checked_in', 'checked_out', 'cancelled', 'no_show']
  const event = fc.record({
    at: fc.integer({ min: 0, max: 8 }),
    act: fc.constantFrom(...(acts as Told['act'][]), 'checked_in' as const),
    in: fc.constantFrom('1', '2', undefined),
    of: fc.constantFrom('A', 'B'),
  })
  const orders = fc.array(event, { minLength: 5, maxLength: 10 }).chain((all) => {
    const keyed = all.map((one, n) => ({ ...one, key: `k${n}` }))
    const shuffled = fc.shuffledSubarray(keyed, { minLength: keyed.length })
    return fc.tuple(fc.constant(keyed.toSorted((a, b) => a.at - b.at)), shuffled, fc.array(fc.nat(99)))
  })

  it('end with the same rooms, in every order of arrival and of the runs', async () => {
    let n = 0
    let occupied = 0
    await fc.assert(
      fc.asyncProperty(orders, async ([inTime, anyhow, picks]) => {
        n += 1
        const world = async (name: string, events: typeof inTime, order?: number[]) => {
          const rooms = ['1', '2'].map((one) => `${name}${n}-${one}`)
          for (const number of rooms) await addRoom(database, number, 'inspected')
          const told = events.map(({ in: place, of, ...one }) => ({
            ...{ ...one, booking: `${name}${n}-${of}` },
            details: place === undefined ? {} : room(`${name}${n}-${place}`),
          }))
          await play(told, order)
          // Later than all, so that every column of the row is written.
          for (const number of rooms) await say(database, number, { key: 'look', at: 9, word: 'make_up' })
          return Promise.all(rooms.map((number) => roomOf(database, number)))
        }
        const expected = await world('T', inTime)
        occupied += expected.filter(({ status }) => status === 'occupied').length
        expect(await world('A', anyhow, picks)).toEqual(expected)
      }),
      { numRuns: 25, seed: 6 },
    )
    expect(occupied).toBeGreaterThan(5)
  })
})
