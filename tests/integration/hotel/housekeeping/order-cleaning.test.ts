import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CleaningKind } from '../../../../src/hotel/rooms/cleaning-orders.rules.ts'
import { cancelCleaning, orderCleaning } from '../../../../src/hotel/rooms/cleaning-orders.tasks.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { TODAY, tasksOf } from './housekeeping-rig.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test?.drop())

const order = (roomNumber: string, kind: CleaningKind, reason = 'test') =>
  test.database.transaction((sql) =>
    orderCleaning(sql, { roomNumber, businessDate: TODAY, kind, reason, runId: 'fr_1' }),
  )
const cancel = (roomNumber: string, reason = 'moved') =>
  test.database.transaction((sql) => cancelCleaning(sql, { roomNumber, businessDate: TODAY, reason }))
const setStatus = (roomNumber: string, status: string) =>
  test.database.query(
    `update prefect.housekeeping_tasks set status = $2, assigned_to = 'E1' where room_number = $1`,
    [roomNumber, status],
  )
const tasks = async (roomNumber: string) =>
  (await tasksOf(test.database)).filter((task) => task.room_number === roomNumber)

describe('ordering', () => {
  it('opens a task', async () => {
    expect(await order('101', 'departure')).toEqual({ was: null })
    expect(await tasks('101')).toMatchObject([{ kind: 'departure', status: 'open', minutes: 30 }])
  })

  it('an early departure turns a stay-over into a departure, and stays with whoever has it', async () => {
    await order('102', 'stay_over')
    await setStatus('102', 'assigned')
    expect(await order('102', 'departure', 'left early')).toEqual({ was: 'stay_over' })
    expect(await tasks('102')).toMatchObject([
      { kind: 'departure', status: 'assigned', assigned_to: 'E1', minutes: 30 },
    ])
  })

  it('nothing smaller takes the place of a departure', async () => {
    await order('103', 'departure')
    expect(await order('103', 'pickup')).toEqual({ was: 'departure' })
    expect(await tasks('103')).toMatchObject([{ kind: 'departure', minutes: 30 }])
  })

  it('what is in progress grows, too, and is nobody else’s', async () => {
    await order('104', 'stay_over')
    await setStatus('104', 'in_progress')
    await order('104', 'departure')
    expect(await tasks('104')).toMatchObject([
      { kind: 'departure', status: 'in_progress', assigned_to: 'E1' },
    ])
  })

  it('after one that is done, another', async () => {
    await order('105', 'departure')
    await setStatus('105', 'done')
    expect(await order('105', 'departure')).toEqual({ was: null })
    expect((await tasks('105')).map(({ status }) => status)).toEqual(['done', 'open'])
  })

  it('ten at once are one task', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, n) => order('106', n % 2 ? 'departure' : 'pickup')))
    expect(await tasks('106')).toMatchObject([{ kind: 'departure' }])
  })

  it('is undone with its transaction', async () => {
    const failing = test.database.transaction(async (sql) => {
      const asked = {
        roomNumber: '107',
        businessDate: TODAY,
        kind: 'departure',
        reason: 'x',
        runId: 'fr_1',
      } as const
      await orderCleaning(sql, asked)
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await tasks('107')).toEqual([])
  })
})

describe('cancelling', () => {
  it.each(['open', 'assigned'])('takes one that is %s off the list', async (status) => {
    const room = `20${status.length}`
    await order(room, 'stay_over')
    await setStatus(room, status)
    expect(await cancel(room)).toBe(true)
    expect(await tasks(room)).toMatchObject([{ status: 'cancelled', assigned_to: null }])
  })

  it('never takes away one that is in progress, or done', async () => {
    for (const status of ['in_progress', 'done']) {
      await order(`30${status.length}`, 'stay_over')
      await setStatus(`30${status.length}`, status)
      expect(await cancel(`30${status.length}`)).toBe(false)
      expect(await tasks(`30${status.length}`)).toMatchObject([{ status, assigned_to: 'E1' }])
    }
  })

  it('of a room without a task is no error', async () => {
    expect(await cancel('999')).toBe(false)
  })
})
