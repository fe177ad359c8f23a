import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { type ServiceProcess, startService } from '../../support/service-process.ts'
import { expectFailure, prefectService } from './command-line.ts'

let test: TestDatabase
let service: ServiceProcess
const KEY = '0123456789abcdef'
const env: Record<string, string> = { PREFECT_SERVICE_KEY: KEY }
const cli = (...args: string[]) => prefectService(args, env)
const json = async (...args: string[]) => JSON.parse((await cli(...args, '--json')).out)

beforeAll(async () => {
  test = await createTestDatabase()
  service = await startService({ DATABASE_URL: test.url, LOG_LEVEL: 'warn', API_KEYS: `desk:${KEY}` })
  env.PREFECT_SERVICE_URL = service.url
})
afterAll(async () => {
  await service?.stop()
  await test?.drop()
})

it('inbox lists what waits, shows one, and settles it once', async () => {
  const refused = {
    employee_id: 'W9',
    timestamp: '2025-01-17T01:30:00Z',
    action: 'check_in',
    confidence: 'high',
  }
  await fetch(`${service.url}/api/v1/prefect/events/attendance`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${env.PREFECT_SERVICE_KEY}` },
    body: JSON.stringify(refused),
  })
  const [entry] = (await json('inbox', 'list', '--kind', 'rejected_event')).entries
  expect((await cli('inbox', 'list', '--kind', 'rejected_event')).out).toContain(entry.id)
  expect((await cli('inbox', 'list', '--overdue', '--kind', 'rejected_event')).out).toMatch(/^Nothing waits/)
  expect((await cli('inbox', 'show', entry.id)).out).toMatch(/^replay +Take it in after all/m)
  const payload = JSON.stringify({ body: { ...refused, confidence: 0.98 } })
  expectFailure(
    await cli('inbox', 'settle', entry.id, 'replay', '--payload', '{x'),
    1,
    /--payload is not JSON/,
  )
  expectFailure(
    await cli('inbox', 'settle', entry.id, 'replay'),
    1,
    /^ {2}body\.payload\.body\.confidence: /m,
  )
  const done = await cli('inbox', 'settle', entry.id, 'replay', '--payload', payload, '--by', 'Lan')
  expect(done.out).toMatch(/^By +replay, Lan$/m)
  expectFailure(await cli('inbox', 'settle', entry.id, 'dismiss', '--by', 'Minh'), 1, /replay, by Lan \(key/)
  expectFailure(await cli('inbox', 'show', entry.id), 1, /It was settled/)
})
