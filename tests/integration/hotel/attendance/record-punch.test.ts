import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../support/database.ts'
import { hire, punch, record, rowsOf } from './punches.ts'

type TestDatabase = Awaited<ReturnType<typeof createTestDatabase>>
const DAY = { start: '08:00', end: '16:00' }
const NIGHT = { start: '22:00', end: '06:00' }

let test: TestDatabase
let database: TestDatabase['database']
beforeAll(async () => {
  test = await createTestDatabase()
  database = test.database
})
afterAll(() => test?.drop())

describe('lateness', () => {
  it.each([
    ['on time', '2025-01-17T07:55:00', 0],
    ['the last second of grace', '2025-01-17T08:05:00', 0],
    ['a second beyond it', '2025-01-17T08:05:01', 5],
    ['late', '2025-01-17T08:23:40', 23],
    ['late, written in UTC', '2025-01-17T01:23:40Z', 23],
  ])('%s', async (name, at, minutes) => {
    const employee = `GRACE ${name}`
    await hire(database, employee, DAY)
    const parts: string[] = []
    const logged = await punch(database, { employee, at, parts })
    expect(logged).toMatchObject({ isLate: minutes > 0, lateMinutes: minutes, shiftDate: '2025-01-17' })
    expect(logged).toMatchObject({
      employeeName: `Name of ${employee}`,
      department: 'Kitchen',
      samePunch: false,
    })
    expect(typeof logged.logId).toBe('number')
    expect(await rowsOf(database, employee)).toMatchObject([
      {
        id: String(logged.logId),
        is_late: minutes > 0,
        late_minutes: minutes,
        shift_date: '2025-01-17',
        flags: [],
      },
    ])
    expect(parts).toEqual(['validate_attendance_event', 'log_attendance_to_db', 'check_if_late'])
  })

  it.each([
    ['2025-01-17T22:20:00', 20],
    ['2025-01-18T00:30:00', 150],
  ])('an overnight shift counts for the day it starts: %s', async (at, minutes) => {
    const employee = `NIGHT ${at}`
    await hire(database, employee, NIGHT)
    expect(await punch(database, { employee, at })).toMatchObject({
      lateMinutes: minutes,
      shiftDate: '2025-01-17',
    })
  })

  it('the morning check-out of an overnight shift belongs to the evening before', async () => {
    await hire(database, 'NIGHTOUT', NIGHT)
    const out = { employee: 'NIGHTOUT', at: '2025-01-18T06:10:00', action: 'check_out' } as const
    expect(await punch(database, out)).toMatchObject({ isLate: false, shiftDate: '2025-01-17' })
  })

  it('a second check-in of the shift is not late', async () => {
    await hire(database, 'SECOND', DAY)
    await punch(database, { employee: 'SECOND', at: '2025-01-17T08:00:00' })
    const second = await punch(database, { employee: 'SECOND', at: '2025-01-17T12:30:00' })
    expect(second).toMatchObject({ isLate: false, samePunch: false })
    expect(await rowsOf(database, 'SECOND')).toHaveLength(2)
  })

  it('without a schedule nobody is late', async () => {
    await hire(database, 'FREE')
    const free = await punch(database, { employee: 'FREE', at: '2025-01-17T11:00:00' })
    expect(free).toMatchObject({ isLate: false, shiftDate: null })
  })

  it('an unknown person is logged and flagged', async () => {
    const unknown = await punch(database, { employee: 'NOBODY', at: '2025-01-17T11:00:00' })
    expect(unknown).toMatchObject({ employeeName: null, department: null, isLate: false })
    expect(await rowsOf(database, 'NOBODY')).toMatchObject([{ flags: ['unknown_employee'] }])
  })
})

describe('one punch, seen more than once', () => {
  it('a sighting within 2 minutes is the same row, and its lateness', async () => {
    await hire(database, 'SAME', DAY)
    const first = await punch(database, { employee: 'SAME', at: '2025-01-17T08:20:00' })
    const again = await punch(database, { employee: 'SAME', at: '2025-01-17T08:22:00' })
    expect(again).toEqual({ ...first, samePunch: true })
    await punch(database, { employee: 'SAME', at: '2025-01-17T08:22:01' })
    expect(await rowsOf(database, 'SAME')).toMatchObject([{ late_minutes: 20 }, { late_minutes: 0 }])
  })

  it('an earlier sighting moves the punch back, and its lateness with it', async () => {
    await hire(database, 'BACK', DAY)
    const first = await punch(database, { employee: 'BACK', at: '2025-01-17T08:05:30' })
    expect(first.isLate).toBe(true)
    const earlier = await punch(database, { employee: 'BACK', at: '2025-01-17T08:04:50' })
    expect(earlier).toMatchObject({ logId: first.logId, isLate: false, samePunch: true })
    expect(await rowsOf(database, 'BACK')).toMatchObject([{ is_late: false, late_minutes: 0 }])
    const [row] = await database.query<{ timestamp: Date }>(
      `select timestamp from attendance_logs where employee_id = 'BACK'`,
    )
    expect(row?.timestamp).toEqual(new Date('2025-01-17T01:04:50Z'))
  })

  it('ten at once are one row', async () => {
    // Connections are opened beforehand: opening them would line the transactions up without any lock.
    await Promise.all(Array.from({ length: 10 }, () => database.query('select pg_sleep(0.05)')))
    for (let round = 0; round < 5; round++) {
      const employee = `CROWD${round}`
      await hire(database, employee, DAY)
      const seen = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          punch(database, { employee, at: `2025-01-17T08:20:${10 + index * 4}` }),
        ),
      )
      expect(new Set(seen.map(({ logId }) => logId)).size).toBe(1)
      expect(seen.filter(({ samePunch }) => !samePunch)).toHaveLength(1)
      expect(await rowsOf(database, employee)).toMatchObject([{ late_minutes: 20 }])
    }
  })

  it('the same run finds its own row', async () => {
    await hire(database, 'AGAIN', DAY)
    const sighting = { employee: 'AGAIN', at: '2025-01-17T08:20:00', runId: 'fr_again' }
    const first = await punch(database, sighting)
    expect(await punch(database, sighting)).toEqual(first)
    expect(await rowsOf(database, 'AGAIN')).toMatchObject([{ run_id: 'fr_again' }])
  })
})

it('a new punch costs two statements: one read, one write', async () => {
  await hire(database, 'CHEAP', DAY)
  await punch(database, { employee: 'CHEAP', at: '2025-01-17T07:50:00' })
  const statements: string[] = []
  await punch(database, { employee: 'CHEAP', at: '2025-01-17T08:20:00', statements })
  expect(statements.map((text) => text.trim().split(/\s/)[0])).toEqual(['select', 'insert'])
})

describe('events out of order', () => {
  it('an earlier check-in arriving late becomes the first, and alone can be late', async () => {
    await hire(database, 'ORDER', DAY)
    await punch(database, { employee: 'ORDER', at: '2025-01-17T08:40:00' })
    const earlier = await punch(database, { employee: 'ORDER', at: '2025-01-17T08:15:00' })
    expect(earlier).toMatchObject({ isLate: true, lateMinutes: 15 })
    expect(await rowsOf(database, 'ORDER')).toMatchObject([
      { is_late: true, late_minutes: 15 },
      { is_late: false, late_minutes: 0 },
    ])
  })

  it('an earlier check-in on time clears the later one', async () => {
    await hire(database, 'CLEAR', NIGHT)
    await punch(database, { employee: 'CLEAR', at: '2025-01-18T00:40:00' })
    await punch(database, { employee: 'CLEAR', at: '2025-01-17T21:58:00' })
    expect(await rowsOf(database, 'CLEAR')).toMatchObject([
      { is_late: false },
      { is_late: false, late_minutes: 0 },
    ])
  })
})

describe('low confidence', () => {
  it('is kept for review once, and not logged', async () => {
    await hire(database, 'BLURRED', DAY)
    const parts: string[] = []
    const sighting = {
      employee: 'BLURRED',
      at: '2025-01-17T08:20:00',
      confidence: 0.55,
      runId: 'fr_blurred',
      parts,
    }
    const verdict = { kind: 'low_confidence', confidence: 0.55, minimum: 0.7 }
    expect(await record(database, sighting)).toEqual(verdict)
    expect(parts).toEqual(['validate_attendance_event'])
    expect(await record(database, sighting)).toEqual(verdict)
    expect(await rowsOf(database, 'BLURRED')).toEqual([])
    const reviews = await database.query(
      `select employee_id, action, camera_id, confidence, reason, timestamp from prefect.attendance_reviews
       where run_id = 'fr_blurred'`,
    )
    expect(reviews).toEqual([
      {
        employee_id: 'BLURRED',
        action: 'check_in',
        camera_id: 'cam_staff_01',
        confidence: 0.55,
        reason: 'low_confidence: 0.55 is below 0.7',
        timestamp: new Date('2025-01-17T01:20:00Z'),
      },
    ])
  })

  it('the minimum itself is enough', async () => {
    const seen = await record(database, {
      employee: 'JUSTENOUGH',
      at: '2025-01-17T08:20:00',
      confidence: 0.7,
    })
    expect(seen.kind).toBe('logged')
  })
})
