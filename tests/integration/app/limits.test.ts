import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { WRONG_KEYS } from '../../support/planned-warnings.ts'
import { type ServiceProcess, startService } from '../../support/service-process.ts'

let test: TestDatabase
let service: ServiceProcess
beforeAll(async () => {
  test = await createTestDatabase()
  const environment = {
    DATABASE_URL: test.url,
    ROLES: 'api',
    API_KEYS: 'only:0123456789abcdef',
    REQUEST_TIMEOUT_SECONDS: '1',
    WRONG_KEYS_PER_MINUTE: '1',
    TRUST_PROXY: '127.0.0.0/8',
  }
  service = await startService(environment, { planned: [WRONG_KEYS] })
})
afterAll(async () => {
  await service?.stop()
  await test?.drop()
})

it('the process keeps the limits that its settings say', async () => {
  const statusFor = async (address: string) => {
    const headers = { 'x-api-key': 'a guess', 'x-forwarded-for': address }
    return (await fetch(`${service.url}/metrics`, { headers })).status
  }
  expect([await statusFor('203.0.113.1'), await statusFor('203.0.113.1')]).toEqual([401, 429])
  expect(await statusFor('203.0.113.2')).toBe(401)
})

it('a sender of one byte at a time is cut off, and no line of the log calls it an error', async () => {
  const { hostname, port } = new URL(service.url)
  const socket = connect(Number(port), hostname)
  const headers = ['Host: localhost', 'Content-Length: 1000', 'Content-Type: application/json']
  socket.on('error', () => {})
  socket.resume()
  socket.write(
    ['POST /api/v1/prefect/events/attendance HTTP/1.1', ...headers, 'X-API-Key: 0123456789abcdef'].join(
      '\r\n',
    ),
  )
  socket.write('\r\n\r\n')
  const drip = setInterval(() => socket.write(' '), 20)
  await once(socket, 'close')
  clearInterval(drip)
  expect((await fetch(`${service.url}/livez`)).status).toBe(200)
  expect(service.logs()).toContain('"msg":"listening"')
  expect(service.logs()).not.toMatch(/"level":"error"/)
})
