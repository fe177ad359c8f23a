import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createLogger } from '../../../../src/platform/observability/logger.ts'
import { eventually } from '../../../support/eventually.ts'
import { type HttpRig, KEYS, openHttpRig } from './http-rig.ts'

let rig: HttpRig
let port: number
let folder: string
const sockets: Socket[] = []
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'prefect-logs-'))
  rig = await openHttpRig({
    logger: createLogger('debug', join(folder, 'log')),
    metrics: () => Promise.reject(new Error('a fault of our own')),
    settings: { wrongKeysPerMinute: 2 },
  })
  await rig.app.listen({ port: 0, host: '127.0.0.1' })
  port = (rig.app.server.address() as AddressInfo).port
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await rig.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Line {
  level: string
  msg: string
  code?: string
  err?: { stack?: string }
}
const logged = (): Line[] =>
  readFileSync(join(folder, 'log'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
const lineOf = (code: string) =>
  eventually(`a line about ${code}`, () => logged().find((line) => line.code === code))

function send(text: string): { socket: Socket; received(): string } {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket
    .setEncoding('utf8')
    .on('data', (chunk) => {
      received += chunk
    })
    .on('error', () => {})
    .write(text)
  sockets.push(socket)
  return { socket, received: () => received }
}

const request = (method: string, path: string, headers: string[] = []) =>
  [
    `${method} /api/v1/prefect/${path} HTTP/1.1`,
    'Host: localhost',
    `X-API-Key: ${KEYS.admin.secret}`,
    ...headers,
    '\r\n',
  ].join('\r\n')

it('a client that hangs up in the middle of its body is no error', async () => {
  const headers = ['Content-Type: application/json', 'Content-Length: 900']
  const { socket } = send(`${request('POST', 'events/attendance', headers)}{"employee_id":`)
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  await eventually('the request to be there', async () => {
    const open = await new Promise<number>((resolve) =>
      rig.app.server.getConnections((_error, count) => resolve(count)),
    )
    return open === 1
  })
  socket.destroy()
  const line = await lineOf('aborted')
  expect(line.level).toBe('debug')
  expect(line.err).toBeUndefined()
})

it('a stream that is refused, or left, is no error', async () => {
  const streams = Array.from({ length: 100 }, () => send(request('GET', 'stream')))
  await eventually('all streams', () => streams.every(({ received }) => received().includes('retry:')))
  const { received } = send(request('GET', 'stream'))
  await eventually('the refusal', () => received().includes('too_many_streams'))
  expect(received()).toMatch(/^HTTP\/1\.1 503 /)
  const line = await lineOf('too_many_streams')
  expect(line.level).toBe('info')
  expect(line.err).toBeUndefined()
  for (const { socket } of streams) socket.destroy()
})

it('many wrong keys are one line', async () => {
  const headers = { 'x-api-key': 'a-key-of-nobody' }
  for (let n = 0; n < 5; n++) await rig.call('GET', 'workflows', { key: null, headers })
  expect(logged().filter(({ level }) => level === 'warn')).toEqual([
    expect.objectContaining({ msg: 'one address sends many wrong keys', address: '127.0.0.1' }),
  ])
})

it('what is a fault of the service is an error with its stack, and the only one', async () => {
  await rig.call('GET', '/metrics')
  const errors = logged().filter(({ level }) => level === 'error')
  expect(errors).toHaveLength(1)
  expect(errors[0]).toMatchObject({ code: 'internal_error', msg: 'request failed' })
  expect(errors[0]?.err?.stack).toContain('logs.test.ts')
})
