/** The health check of the image, run as the container engine runs it. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { ROOT, type ServiceProcess, startService } from '../support/service-process.ts'

const [, command = '[]'] =
  /^HEALTHCHECK (?:[^\n]*\\\n)*\s*CMD (\[.*\])$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')) ?? []
const [program, ...args] = JSON.parse(command) as string[]

let test: TestDatabase
let service: ServiceProcess
beforeAll(async () => {
  test = await createTestDatabase()
  service = await startService({
    DATABASE_URL: test.url,
    API_KEYS: 'manager:a-secret-of-16-or-more:admin',
    LOG_LEVEL: 'warn',
  })
})
afterAll(async () => {
  await service?.stop()
  await test?.drop()
})

function check(): number | null {
  expect(program).toBe('node')
  const env = { PATH: process.env.PATH, PORT: new URL(service.url).port }
  return spawnSync(process.execPath, args, { env }).status
}

it('passes without a key while the service is ready, and not when it is gone', async () => {
  expect(check()).toBe(0)
  await service.stop()
  expect(check()).toBe(1)
})
