import { afterAll, beforeAll, expect, it } from 'vitest'
import { seedHotel } from '../../../../simulators/hotel/hotel.ts'
import { createTestDatabase } from '../../../support/database.ts'

type TestDatabase = Awaited<ReturnType<typeof createTestDatabase>>
let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test?.drop())

async function everything() {
  const [hotel] = await test.database.query<Record<string, unknown[]>>(
    `select (select json_agg(e order by id) from employees e) as employees,
            (select json_agg(s order by employee_id, day_of_week, start_time) from employee_schedules s) as shifts,
            (select json_agg(s order by department) from supervisors s) as supervisors,
            (select json_agg(r.room_number order by room_number) from rooms r) as rooms`,
  )
  return hotel
}

it('fills a hotel, the same one each time', async () => {
  await seedHotel(test.database, { seed: 7 })
  const first = await everything()
  expect(first?.employees).toHaveLength(60)
  expect(first?.shifts).toHaveLength(360)
  expect(first?.supervisors).toHaveLength(6)
  expect(first?.rooms).toHaveLength(120)
  await seedHotel(test.database, { seed: 7 })
  await seedHotel(test.database, { seed: 8 })
  expect(await everything()).toEqual(first)
  await test.database.query('truncate employees, employee_schedules, supervisors, rooms')
  await seedHotel(test.database, { seed: 7 })
  expect(await everything()).toEqual(first)
})

it('has night shifts, and every department a supervisor', async () => {
  const nights = await test.database.query('select from employee_schedules where end_time <= start_time')
  expect(nights.length).toBeGreaterThan(0)
  const unsupervised = await test.database.query(
    'select id from employees e where not exists (select from supervisors s where s.department = e.department)',
  )
  expect(unsupervised).toEqual([])
})
