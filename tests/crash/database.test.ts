/**
 * The database stops in the middle of everything, as in a power cut; who runs it embedded starts it again. Nothing
 * acknowledged is lost.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLogger } from '../../src/platform/observability/logger.ts'
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/platform/postgres/embedded/embedded-postgres.ts'
import { findServer } from '../../src/platform/postgres/embedded/server-process.ts'
import { type Database, openPool } from '../../src/platform/postgres/pool.ts'
import { eventually } from '../support/eventually.ts'
import { ANYTHING } from '../support/planned-warnings.ts'
import { type Crew, postUntilAcknowledged, punch, startCrew, tally } from './crew.ts'

const EVENTS = process.env.CRASH_LONG === '1' ? 5_000 : 400
const CRASHES = 3
const logger = createLogger('silent')
const dataDir = mkdtempSync(join(tmpdir(), 'prefect-crash-'))

let postgres: EmbeddedPostgres
let database: Database
let crew: Crew

beforeAll(async () => {
  postgres = await startEmbeddedPostgres({ dataDir, logger })
  const environment = { DATABASE_URL: postgres.url, LOG_LEVEL: 'info', DATABASE_POOL_SIZE: '8' }
  crew = await startCrew(environment, ANYTHING)
})
afterAll(async () => {
  await crew?.stop()
  await database?.close()
  await postgres?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

async function crashAndReturn(): Promise<void> {
  const server = findServer(join(dataDir, 'cluster'))
  if (!server) throw new Error('The database is not running.')
  // Immediate shutdown: no checkpoint, every connection cut, recovery from the log at the next start.
  process.kill(server.pid, 'SIGQUIT')
  await eventually('the database to be started again', () => {
    const now = findServer(join(dataDir, 'cluster'))
    return now !== undefined && now.pid !== server.pid
  })
}

test('an immediate stop of the database, three times under load: 0 lost, 0 doubled', async () => {
  let sending = true
  let crashes = 0
  const breaker = (async () => {
    while (sending && crashes < CRASHES) {
      await delay(2_500)
      await crashAndReturn()
      crashes += 1
    }
  })()
  const acknowledged: string[] = []
  const lanes = Array.from({ length: 10 }, async (_, lane) => {
    for (let n = lane; n < EVENTS; n += 10) {
      acknowledged.push(await postUntilAcknowledged(crew, punch(n), `db-${n}`))
      await delay(300)
    }
  })
  await Promise.all(lanes)
  sending = false
  await breaker
  database = openPool({ url: postgres.url, max: 3, applicationName: 'test' })
  const started = performance.now()
  const now = await eventually(
    'every run to end',
    async () => {
      const counts = await tally(database)
      return counts.ended === EVENTS ? counts : undefined
    },
    60,
  )
  const figures = { crashes, ...now, settled_s: (performance.now() - started) / 1000 }
  process.stdout.write(`crash figures ${JSON.stringify({ test: 'database', ...figures })}\n`)
  expect(new Set(acknowledged).size).toBe(EVENTS)
  expect(crashes).toBeGreaterThanOrEqual(2)
  expect(now).toMatchObject({
    events: EVENTS,
    runs: EVENTS,
    not_completed: 0,
    punches: EVENTS,
    punches_per_run: 1,
  })
  // The crew never had to be replaced.
  for (const { pid } of crew.members) expect(() => process.kill(pid, 0)).not.toThrow()
})
