/**
 * Two schedulers, the clock of one an hour ahead, a random one killed every three seconds: every nominal time has one
 * firing and one run. CRASH_SEED repeats a run; CRASH_LONG=1 has five times as many schedules.
 */

import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { seedHotel } from '../../simulators/hotel/hotel.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { WORKERS_DIED } from '../support/planned-warnings.ts'
import { ROOT } from '../support/service-process.ts'
import { type Crew, seededRandom, startCrew } from './crew.ts'

const SEED = Number(process.env.CRASH_SEED ?? 7)
const SCHEDULES = process.env.CRASH_LONG === '1' ? 1_250 : 250
const EVERY_SECONDS = 10
/** Nominal times of each schedule. */
const TIMES = 4
const say = (figure: object) => process.stdout.write(`crash figures ${JSON.stringify(figure)}\n`)

let db: TestDatabase
let crew: Crew

beforeEach(async () => {
  db = await createTestDatabase()
  await seedHotel(db.database)
})
afterEach(async () => {
  await crew?.stop()
  await db.drop()
})

/** Each time punches somebody else in. */
async function declare(n: number, endsAt: string): Promise<void> {
  const answer = await fetch(`${crew.url()}/api/v1/prefect/schedule/create`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      name: `punch-${n}`,
      workflow: 'process_attendance',
      schedule: { type: 'interval', every_seconds: EVERY_SECONDS },
      parameters: {
        // Two sightings of one person within two minutes would be one punch.
        employee_id: `P${n} {{nominal}}`,
        timestamp: '{{nominal}}',
        action: 'check_in',
        camera_id: 'cam_1',
        confidence: 0.97,
      },
      overlap: 'allow',
      catch_up: 'all',
      ends_at: endsAt,
    }),
  })
  expect(answer.status, await answer.clone().text()).toBe(201)
}

test('1,000 nominal times are 1,000 runs', async () => {
  const environment = {
    DATABASE_URL: db.url,
    DATABASE_POOL_SIZE: '10',
    LOG_LEVEL: 'warn',
    RATE_LIMIT_PER_MINUTE: '1000000',
  }
  const clock = pathToFileURL(join(ROOT, 'tests/support/an-hour-ahead.mjs')).href
  crew = await startCrew(environment, [WORKERS_DIED], { ...environment, NODE_OPTIONS: `--import ${clock}` })
  const [row] = await db.database.query<{ now: Date }>('select clock_timestamp() as now')
  const declared = 12
  const endsAt = new Date((row?.now.getTime() ?? 0) + (declared + EVERY_SECONDS * TIMES) * 1000)
  for (let n = 0; n < SCHEDULES; n += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, i) => declare(n + i, endsAt.toISOString())))
  }

  let kills = 0
  let over = false
  const random = seededRandom(SEED)
  const killer = (async () => {
    while (!over) {
      await delay(3_000)
      await crew.replace(Math.floor(random() * 2), (member) => member.kill())
      kills += 1
    }
  })()
  // What each must have fired: its times of creation and end say so, whatever was killed.
  const expected = await db.database.query<{ id: string; times: number }>(
    `select id, floor(extract(epoch from $1::timestamptz - (definition -> 'schedule' ->> 'anchor')::timestamptz) / $2)::int as times
     from prefect.schedules`,
    [endsAt, EVERY_SECONDS],
  )
  const total = expected.reduce((sum, { times }) => sum + times, 0)
  const done = await eventually(
    'every nominal time to have its ended run',
    async () => {
      const [now] = await db.database.query<{
        firings: number
        runs: number
        completed: number
        punches: number
      }>(
        `select (select count(*)::int from prefect.firings) as firings,
                (select count(*)::int from prefect.flow_runs) as runs,
                (select count(*)::int from prefect.flow_run_states where status = 'completed') as completed,
                (select count(*)::int from attendance_logs where employee_id like 'P%') as punches`,
      )
      return now && now.completed >= total ? now : undefined
    },
    120,
  )
  over = true
  await killer
  say({ test: 'schedules', schedules: SCHEDULES, kills, expected: total, ...done })
  const perSchedule = await db.database.query<{ id: string; times: number }>(
    `select schedule_id as id, count(*)::int as times from prefect.firings where outcome = 'started' group by 1`,
  )
  expect(new Map(perSchedule.map(({ id, times }) => [id, times]))).toEqual(
    new Map(expected.map(({ id, times }) => [id, times])),
  )
  expect(done).toMatchObject({ firings: total, runs: total, completed: total, punches: total })
  expect(total).toBeGreaterThanOrEqual(SCHEDULES * TIMES)
  expect(kills).toBeGreaterThan(2)
}, 240_000)
