import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { APPLICATION } from '../../../../src/platform/runs/application.ts'
import { DEAD_AFTER_SECONDS, readCounts } from '../../../../src/platform/runs/health.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test.drop())

async function addRun(application: string, status: string, createdAt = Date.now()): Promise<void> {
  await test.database.query(
    `insert into dbos.workflow_status (workflow_uuid, status, name, application_name, created_at, updated_at)
     values ($1, $2, 'any', $3, $4, $4)`,
    [randomUUID(), status, application, createdAt],
  )
}

it('counts the runs of this service alone', async () => {
  const anHourAgo = Date.now() - 3_600_000
  for (const status of ['PENDING', 'DELAYED', 'ENQUEUED']) await addRun('another', status, anHourAgo)
  expect(await readCounts(test.database)).toMatchObject({ active: 0, scheduled: 0, backlogAge: 0 })
  for (const status of ['PENDING', 'PENDING', 'DELAYED']) await addRun(APPLICATION, status)
  await addRun(APPLICATION, 'ENQUEUED', Date.now() - 60_000)
  const counts = await readCounts(test.database)
  expect(counts).toMatchObject({ active: 2, scheduled: 1 })
  expect(counts.backlogAge).toBeGreaterThanOrEqual(59)
  expect(counts.backlogAge).toBeLessThan(3_000)
})

it('tells live workers from silent ones, and idle ones from busy ones', async () => {
  const addWorker = (id: string, silentSeconds: number, running = 0, roles = ['worker']) =>
    test.database.query(
      `insert into prefect.workers (id, host, pid, roles, version, running, heartbeat_at)
       values ($1, 'h', 1, $2, '1', $3, clock_timestamp() - make_interval(secs => $4))`,
      [id, roles, running, silentSeconds],
    )
  // Far enough ahead not to fall silent while the test runs.
  await addWorker('idle', -60)
  await addWorker('busy', -60, 3)
  await addWorker('silent', DEAD_AFTER_SECONDS + 1)
  await addWorker('forgotten', 301)
  await addWorker('no worker', -60, 0, ['api'])
  expect((await readCounts(test.database)).workers).toEqual({ total: 3, active: 2, idle: 1 })
})
