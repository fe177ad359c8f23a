import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOM_STATUSES } from '../../../../src/hotel/rooms/room.event.ts'
import type { Database } from '../../../../src/platform/postgres/pool.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { minute } from '../../../support/hotel-rules.ts'
import { historyOf, roomOf, type Said, say } from './room-rig.ts'

let test: TestDatabase
let database: Database
beforeAll(async () => {
  test = await createTestDatabase()
  database = test.database
})
afterAll(() => test?.drop())

/** A room as a hotel's own program wrote it: a status and no axes. */
const hotelRow = (roomNumber: string, status: string) =>
  database.query('insert into rooms (room_number, floor, status) values ($1, 2, $2)', [roomNumber, status])
const brief = async (roomNumber: string) =>
  (await historyOf(database, roomNumber)).map(({ change_key, from_status, to_status, refused }) => [
    change_key,
    from_status,
    to_status,
    refused,
  ])

describe('a change', () => {
  it('of a row that only has a status: what it said is kept first, the row gets its axes', async () => {
    await hotelRow('201', 'dirty')
    expect(await say(database, '201', { key: 'a', at: 0, word: 'clean', by: 'EMP005' })).toEqual({
      applied: true,
      refused: null,
      previousStatus: 'dirty',
      status: 'clean',
      superseded: false,
      unknownRoom: false,
    })
    expect(await roomOf(database, '201')).toEqual({
      status: 'clean',
      housekeeping: 'clean',
      occupancy: 'vacant',
      maintenance: 'none',
      service: 'none',
      return_status: null,
      maintenance_reason: null,
      maintenance_until: null,
      last_cleaned_at: minute(0),
      last_checked_by: 'EMP005',
      state_at: minute(0),
      floor: 2,
    })
    expect(await historyOf(database, '201')).toMatchObject([
      { change_key: 'snapshot', source: 'snapshot', to_status: 'dirty' },
      {
        change_key: 'a',
        source: 'event',
        changed_by: 'EMP005',
        change: { word: 'clean' },
        from_status: 'dirty',
        to_status: 'clean',
        run_id: 'fr_a',
      },
    ])
  })

  it('is made once, whoever brings it again', async () => {
    await hotelRow('202', 'dirty')
    await say(database, '202', { key: 'a', at: 0, word: 'clean' })
    await say(database, '202', { key: 'b', at: 10, word: 'dirty' })
    const [row, history] = [await roomOf(database, '202'), await historyOf(database, '202')]
    const again = await say(database, '202', { key: 'a', at: 20, word: 'clean' })
    expect(again).toMatchObject({
      applied: true,
      previousStatus: 'dirty',
      status: 'dirty',
      superseded: false,
    })
    expect(await roomOf(database, '202')).toEqual(row)
    expect(await historyOf(database, '202')).toEqual(history)
  })

  it('that the rules refuse is kept with its reason, and the room stays as it is', async () => {
    await hotelRow('203', 'occupied')
    const refused = await say(database, '203', { key: 'a', at: 0, word: 'out_of_order' })
    expect(refused).toMatchObject({ applied: false, refused: 'occupied', status: 'occupied' })
    const again = await say(database, '203', { key: 'a', at: 0, word: 'out_of_order' })
    expect(again).toMatchObject({ applied: false, refused: 'occupied' })
    expect(await roomOf(database, '203')).toMatchObject({ status: 'occupied', state_at: null })
    expect(await brief('203')).toEqual([
      ['snapshot', 'dirty', 'occupied', null],
      ['a', 'occupied', 'occupied', 'occupied'],
    ])
  })

  it('of a room the hotel did not list makes the row, with the floor its number tells', async () => {
    const done = await say(database, '1204', { key: 'a', at: 0, word: 'occupied' })
    expect(done).toMatchObject({ applied: true, unknownRoom: true, previousStatus: null, status: 'occupied' })
    expect(await roomOf(database, '1204')).toMatchObject({
      status: 'occupied',
      floor: 12,
      housekeeping: 'dirty',
    })
    expect(await say(database, '1204', { key: 'b', at: 1, word: 'dnd' })).toMatchObject({
      unknownRoom: false,
    })
    expect(await brief('1204')).toEqual([
      ['a', 'dirty', 'occupied', null],
      ['b', 'occupied', 'occupied', null],
    ])
  })

  it('keeps the plan of a maintenance, and ends it in the return status', async () => {
    await hotelRow('205', 'clean')
    const plan = { reason: 'leak', until: '2025-01-18T03:00:00.000Z', return_status: 'pickup' as const }
    await say(database, '205', { key: 'a', at: 0, word: 'out_of_order', more: plan })
    expect(await roomOf(database, '205')).toMatchObject({
      status: 'out_of_order',
      maintenance_reason: 'leak',
      maintenance_until: new Date('2025-01-18T03:00:00Z'),
      return_status: 'pickup',
    })
    expect(await say(database, '205', { key: 'b', at: 5, word: 'in_service' })).toMatchObject({
      status: 'pickup',
    })
    expect(await roomOf(database, '205')).toMatchObject({ maintenance_reason: null, return_status: null })
  })
})

describe('a change that comes late', () => {
  it('takes its place before what is newer, and does not overwrite it', async () => {
    await hotelRow('301', 'clean')
    await say(database, '301', { key: 'b', at: 10, word: 'dirty', by: 'EMP007' })
    const late = await say(database, '301', { key: 'a', at: 5, word: 'clean', by: 'EMP005' })
    expect(late).toEqual({
      applied: true,
      refused: null,
      previousStatus: 'dirty',
      status: 'dirty',
      superseded: true,
      unknownRoom: false,
    })
    expect(await roomOf(database, '301')).toMatchObject({
      status: 'dirty',
      last_checked_by: 'EMP007',
      last_cleaned_at: minute(5),
      state_at: minute(10),
    })
    expect(await brief('301')).toEqual([
      ['snapshot', 'dirty', 'clean', null],
      ['a', 'clean', 'clean', null],
      ['b', 'clean', 'dirty', null],
    ])
  })

  it('moves the axis that nothing newer spoke about', async () => {
    await hotelRow('302', 'dirty')
    await say(database, '302', { key: 'b', at: 10, word: 'clean' })
    await say(database, '302', { key: 'a', at: 5, word: 'occupied' })
    expect(await roomOf(database, '302')).toMatchObject({ status: 'occupied', housekeeping: 'clean' })
  })

  it('lets a newer one count that was refused without it, and the other way round', async () => {
    await hotelRow('303', 'dirty')
    expect(await say(database, '303', { key: 'c', at: 20, word: 'inspected' })).toMatchObject({
      refused: 'not_clean',
    })
    expect(await say(database, '303', { key: 'b', at: 10, word: 'clean' })).toMatchObject({
      status: 'inspected',
    })
    expect(await brief('303')).toEqual([
      ['snapshot', 'dirty', 'dirty', null],
      ['b', 'dirty', 'clean', null],
      ['c', 'clean', 'inspected', null],
    ])
    await say(database, '303', { key: 'bb', at: 15, word: 'dirty' })
    expect((await brief('303')).slice(2)).toEqual([
      ['bb', 'clean', 'dirty', null],
      ['c', 'dirty', 'dirty', 'not_clean'],
    ])
    expect(await roomOf(database, '303')).toMatchObject({ status: 'dirty', state_at: minute(15) })
  })
})

describe('another program that writes the row', () => {
  it('is news: later changes build on it, older ones do not undo it', async () => {
    await hotelRow('401', 'dirty')
    await say(database, '401', { key: 'b', at: 10, word: 'clean' })
    await database.query("update rooms set status = 'occupied' where room_number = '401'")
    await say(database, '401', { key: 'a', at: 5, word: 'dirty' })
    expect(await roomOf(database, '401')).toMatchObject({ status: 'occupied', occupancy: 'occupied' })
    expect(await say(database, '401', { key: 'c', at: 20, word: 'out_of_order' })).toMatchObject({
      refused: 'occupied',
      status: 'occupied',
    })
    expect(await brief('401')).toEqual([
      ['snapshot', 'dirty', 'dirty', null],
      ['a', 'dirty', 'dirty', null],
      ['b', 'dirty', 'clean', null],
      ['b~', 'clean', 'occupied', null],
      ['c', 'occupied', 'occupied', 'occupied'],
    ])
  })

  it('may do it again, between late ones', async () => {
    await hotelRow('402', 'dirty')
    await say(database, '402', { key: 'd', at: 10, word: 'clean' })
    for (const [key, status] of [
      ['a', 'occupied'],
      ['b', 'Out of order'],
      ['c', 'pickup'],
    ] as const) {
      await database.query("update rooms set status = $1 where room_number = '402'", [status])
      await say(database, '402', { key, at: 5, word: 'make_up' })
    }
    expect(await roomOf(database, '402')).toMatchObject({
      status: 'pickup',
      maintenance: 'none',
      occupancy: 'vacant',
    })
    expect((await brief('402')).map(([key, , to]) => [key, to]).slice(4)).toEqual([
      ['d', 'clean'],
      ['d~', 'occupied'],
      ['d~~', 'out_of_order'],
      ['d~~~', 'pickup'],
    ])
  })

  it('may delete the row: what is known is written again', async () => {
    await hotelRow('403', 'dirty')
    await say(database, '403', { key: 'a', at: 0, word: 'clean' })
    await database.query("delete from rooms where room_number = '403'")
    expect(await say(database, '403', { key: 'b', at: 1, word: 'dnd' })).toMatchObject({
      unknownRoom: true,
      status: 'clean',
    })
    expect(await roomOf(database, '403')).toMatchObject({ status: 'clean', service: 'dnd', floor: 4 })
  })
})

/** Few moments and every word, so that orders matter. */
const story = fc
  .array(
    fc.record({
      at: fc.integer({ min: 0, max: 6 }),
      word: fc.constantFrom(...ROOM_STATUSES),
      by: fc.constantFrom('EMP005', 'EMP006'),
    }),
    { minLength: 4, maxLength: 9 },
  )
  .map((said) => said.map((one, n): Said => ({ key: `evt_${n}`, ...one })))
const orders = story.chain((all) =>
  fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
)

describe('30 stories of a room', () => {
  it('end the same in every order of arrival, in the row and in every row of the history', async () => {
    let n = 0
    await fc.assert(
      fc.asyncProperty(
        orders,
        fc.constantFrom('clean', 'occupied', undefined),
        async ([all, arrived], status) => {
          const rooms = [`5${n}00`, `6${n}00`] as const
          n += 1
          for (const room of status ? rooms : []) await hotelRow(room, status as string)
          for (const said of all) await say(database, rooms[0], said)
          for (const said of arrived) await say(database, rooms[1], said)
          const [inTime, anyhow] = [await roomOf(database, rooms[0]), await roomOf(database, rooms[1])]
          expect({ ...anyhow, floor: inTime.floor }).toEqual(inTime)
          const [first, second] = await Promise.all(rooms.map((room) => historyOf(database, room)))
          // The snapshot is kept by whichever comes first: everything but that is the same.
          const withoutRun = (rows: Record<string, unknown>[] = []) =>
            rows.map(({ run_id, ...row }) => (row.source === 'snapshot' ? row : { ...row, run_id }))
          expect(withoutRun(second)).toEqual(withoutRun(first))
        },
      ),
      { numRuns: 30, seed: 17 },
    )
  })

  it('and when all arrive at once', async () => {
    const [all = []] = fc.sample(story, { numRuns: 1, seed: 4 })
    for (const room of ['701', '702']) await hotelRow(room, 'dirty')
    for (const said of all) await say(database, '701', said)
    await Promise.all([...all, ...all].map((said) => say(database, '702', said)))
    expect(await roomOf(database, '702')).toEqual({ ...(await roomOf(database, '701')), floor: 2 })
    expect(await brief('702')).toEqual(await brief('701'))
  })
})
