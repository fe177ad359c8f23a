import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { limitConnections } from '../../../../src/platform/http/plugins/connections.ts'
import { createLogger } from '../../../../src/platform/observability/logger.ts'
import { eventually } from '../../../support/eventually.ts'
import { type HttpRig, KEYS, openHttpRig } from './http-rig.ts'

let rig: HttpRig
let port: number
/** The shortest there is, so that nobody sits out a minute. */
beforeAll(async () => {
  rig = await openHttpRig({ settings: { requestTimeoutSeconds: 1, bodyLimitBytes: 10_000 } })
  port = await portOf(rig)
})
afterAll(() => rig.close())

async function portOf({ app }: HttpRig): Promise<number> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

interface Line {
  socket: Socket
  /** All that came back so far. */
  received(): string
  isClosed(): boolean
}
const lines: Line[] = []
afterEach(() => {
  for (const { socket } of lines.splice(0)) socket.destroy()
})

function open(to = port): Line {
  const socket = connect(to, '127.0.0.1')
  let received = ''
  let closed = false
  socket.setEncoding('utf8').on('data', (chunk) => {
    received += chunk
  })
  // Cut off while it writes: what these tests wait for.
  socket.on('error', () => {})
  socket.once('close', () => {
    closed = true
  })
  const line = { socket, received: () => received, isClosed: () => closed }
  lines.push(line)
  return line
}

const head = (length: number, headers: string[] = [], path = 'workflows/trigger') =>
  [
    `POST /api/v1/prefect/${path} HTTP/1.1`,
    'Host: localhost',
    'Content-Type: application/json',
    `Content-Length: ${length}`,
    ...headers,
    '',
    '',
  ].join('\r\n')
const WITH_KEY = [`X-API-Key: ${KEYS.admin.secret}`]

/** A byte at a time for as long as the connection takes it. */
function drip({ socket }: Line): void {
  const timer = setInterval(() => socket.write(' '), 20)
  socket.once('close', () => clearInterval(timer))
}

describe('a sender of one byte at a time', () => {
  it('is told that it took too long, and cut off', async () => {
    const line = open()
    line.socket.write(head(9_000, WITH_KEY))
    drip(line)
    await eventually('the end of the connection', line.isClosed)
    expect(line.received()).toMatch(/^HTTP\/1\.1 408 /)
    expect(line.received()).toContain('"detail":"The request took too long to arrive."')
  })

  it('without a key has its 401 at once and is cut off, without a second answer', async () => {
    const line = open()
    line.socket.write(head(9_000))
    drip(line)
    await eventually('the end of the connection', line.isClosed)
    expect(line.received().match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(line.received()).toMatch(/^HTTP\/1\.1 401 /)
  })

  it('who stops in the middle of its headers, or says nothing at all, is cut off too', async () => {
    const silent = open()
    const half = open()
    half.socket.write('GET /livez HTTP/1.1\r\nHost: loc')
    await eventually('the end of both', () => silent.isClosed() && half.isClosed())
    expect(half.received()).toMatch(/^HTTP\/1\.1 408 /)
  })
})

describe('a body that is refused before it was read', () => {
  it('may be written to its end: the answer is there, and the connection is good for another request', async () => {
    const patient = await openHttpRig({ settings: { bodyLimitBytes: 10_000 } })
    const line = open(await portOf(patient))
    const length = 5_000_000
    line.socket.write(head(length, WITH_KEY))
    await eventually('the answer', () => line.received().includes('body_too_large'))
    line.socket.write('x'.repeat(length))
    line.socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await eventually('the second answer', () => line.received().includes('{"status":"ok"}'))
    expect(line.received()).toMatch(/^HTTP\/1\.1 413 /)
    line.socket.destroy()
    await patient.close()
  })

  it('and never comes costs a connection only for a while', async () => {
    const line = open()
    line.socket.write(head(5_000_000, WITH_KEY))
    await eventually('the answer', () => line.received().includes('body_too_large'))
    await eventually('the end of the connection', line.isClosed)
  })

  it('does not hold up a server that closes', async () => {
    const closing = await openHttpRig({ settings: { requestTimeoutSeconds: 3_600 } })
    const line = open(await portOf(closing))
    line.socket.write(head(9_000))
    await eventually('the answer', () => line.received().includes('no_key'))
    await closing.close()
    await eventually('the end of the connection', line.isClosed)
  })
})

describe('connections of one address', () => {
  it('beyond the most are refused with a sentence, and free again when one ends', async () => {
    const server = createServer((_request, response) => response.end('served'))
    limitConnections(server, { most: 2, isExempt: () => false, logger: createLogger('silent') })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port: limited } = server.address() as AddressInfo
    const [first, second] = [open(limited), open(limited)]
    await Promise.all([first, second].map(({ socket }) => once(socket, 'connect')))
    const third = open(limited)
    await eventually('the refusal', third.isClosed)
    expect(third.received()).toMatch(/^HTTP\/1\.1 429 /)
    expect(third.received()).toMatch(/^retry-after: 5\r$/m)
    expect(third.received()).toContain('too_many_connections')
    first.socket.destroy()
    await eventually('a place', async () => {
      const next = open(limited)
      next.socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
      await once(next.socket, 'close')
      return next.received().endsWith('served')
    })
    second.socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  it('of this machine and of trusted proxies are not counted', async () => {
    const few = await openHttpRig({ settings: { connectionsPerAddress: 1 } })
    const own = await portOf(few)
    const several = [open(own), open(own), open(own)]
    for (const { socket } of several) socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await eventually('all answers', () => several.every((line) => line.received().includes('"ok"')))
    for (const { socket } of several) socket.destroy()
    await few.close()
  })
})
