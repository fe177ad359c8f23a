/** A late change costs what it changes, not what is known of the room. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { roomLock } from '../../../../src/hotel/locks.ts'
import { applyRoomChange } from '../../../../src/hotel/rooms/room-changes.tasks.ts'
import type { RoomChange } from '../../../../src/hotel/rooms/room-state.rules.ts'
import type { Database } from '../../../../src/platform/postgres/pool.ts'
import type { Sql } from '../../../../src/platform/postgres/sql.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { minute } from '../../../support/hotel-rules.ts'
import { inTurn } from '../../../support/in-turn.ts'
import { addRoom } from './hotel.ts'
import { historyOf, roomOf, say } from './room-rig.ts'

let test: TestDatabase
let database: Database
let rooms = 100
let room: string
beforeAll(async () => {
  test = await createTestDatabase()
  database = test.database
})
afterAll(() => test?.drop())

const LONG = 70
beforeEach(async () => {
  rooms += 1
  room = `${rooms}`
  await addRoom(database, room, 'inspected')
  for (let n = 0; n < LONG; n++) {
    await say(database, room, { key: `known ${n}`, at: 100 + n, word: n % 2 === 0 ? 'clean' : 'dirty' })
  }
})

/** How many rows were read, and how many of the room's history written: those that carry this transaction's id. */
async function late(word: RoomChange['word']): Promise<{ read: number; written: number }> {
  const cost = { read: 0, written: 0 }
  await inTurn(database, roomLock(room), async (sql) => {
    const counting: Sql = {
      async query<Row extends object>(text: string, values?: readonly unknown[]) {
        const rows = await sql.query<Row>(text, values)
        cost.read += rows.length
        return rows
      },
    }
    const said = {
      roomNumber: room,
      at: minute(50),
      key: 'late',
      by: null,
      change: { word },
      runId: 'fr_late',
    }
    await applyRoomChange(counting, { ...said, source: 'event', roomsFromEvents: 'yes' })
    const [row] = await sql.query<{ written: number }>(
      `select count(*)::int as written from prefect.room_status_history
       where room_number = $1 and xmin = pg_current_xact_id()::xid`,
      [room],
    )
    cost.written = row?.written ?? 0
  })
  return cost
}
const states = async () => (await historyOf(database, room)).map(({ to_status }) => to_status)

it('one that the next change covers: a few rows are read, two are written', async () => {
  const [before, row] = [await states(), await roomOf(database, room)]
  const { read, written } = await late('pickup')
  expect(written).toBe(2)
  expect(read).toBeLessThan(30)
  expect(await states()).toEqual([before[0], 'pickup', ...before.slice(1)])
  expect(await roomOf(database, room)).toEqual(row)
})

it('one that nothing later speaks about goes through to the end', async () => {
  await late('occupied')
  expect(await states()).toEqual(['inspected', ...Array(LONG + 1).fill('occupied')])
  expect(await roomOf(database, room)).toMatchObject({ status: 'occupied', housekeeping: 'dirty' })
})

it('one that is covered further away than is read at first stops there', async () => {
  await say(database, room, { key: 'left', at: 100 + LONG - 5, word: 'vacant' })
  const row = await roomOf(database, room)
  const { written } = await late('occupied')
  expect((await states()).filter((word) => word === 'occupied')).toHaveLength(LONG - 3)
  expect(written).toBeLessThan(LONG + 2)
  expect(await roomOf(database, room)).toEqual(row)
})

it('one that finds the row written by another program keeps that', async () => {
  await database.query(`update rooms set status = 'occupied' where room_number = $1`, [room])
  await late('pickup')
  expect((await states()).at(-1)).toBe('occupied')
  expect(await roomOf(database, room)).toMatchObject({ status: 'occupied' })
})
