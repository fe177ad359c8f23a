import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createKey, revokeKey } from '../../../../src/platform/access/keys.ts'
import { BASE } from '../../../../src/platform/contract/api.ts'
import { EventSummary } from '../../../../src/platform/contract/event.ts'
import { RunSummary } from '../../../../src/platform/contract/run.ts'
import { eventually } from '../../../support/eventually.ts'
import { type HttpRig, KEYS, openHttpRig } from './http-rig.ts'

let rig: HttpRig
let url: string
beforeAll(async () => {
  rig = await openHttpRig()
  url = await listening(rig)
})
afterAll(() => rig.close())

async function listening({ app }: HttpRig): Promise<string> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}${BASE}/stream`
}

interface Message {
  id: string
  event: string
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the shape it waits for
  data: any
}
interface Reader {
  status: number
  headers: Headers
  messages: Message[]
  isOver: boolean
  stop(): void
}

/** Resolves once the stream says that it listens. */
async function read(address: string, headers: Record<string, string> = {}): Promise<Reader> {
  const abort = new AbortController()
  const answer = await fetch(address, {
    headers: { authorization: `Bearer ${KEYS.read.secret}`, ...headers },
    signal: abort.signal,
  })
  const messages: Message[] = []
  const reader: Reader = {
    status: answer.status,
    headers: answer.headers,
    messages,
    isOver: false,
    stop: () => abort.abort(),
  }
  let text = ''
  void (async () => {
    try {
      for await (const chunk of answer.body ?? []) {
        text += Buffer.from(chunk).toString('utf8')
        const blocks = text.split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks) {
          const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s)))
          if (fields.data)
            messages.push({ id: fields.id, event: fields.event, data: JSON.parse(fields.data) })
        }
      }
    } catch {
      // Aborted by the test, or cut off by the server: over either way.
    }
    reader.isOver = true
  })()
  return reader
}

const punch = (employee: string) => ({
  employee_id: employee,
  timestamp: '2025-01-17T08:30:00Z',
  action: 'check_in',
  confidence: 0.98,
})
const send = async (employee: string) =>
  (await rig.call('POST', 'events/attendance', { body: punch(employee) })).body as {
    event_id: string
    flow_run_id: string
  }
const about = (reader: Reader, id: string) =>
  reader.messages.filter(({ data }) => data.flow_run_id === id || data.event_id === id)
const told = (reader: Reader, id: string, status: string) =>
  eventually(`${id} ${status}`, () => about(reader, id).find(({ data }) => data.status === status))

it('tells of events and of runs as they change, once each', async () => {
  const old = await send('BEFORE')
  const reader = await read(url)
  expect(reader.status).toBe(200)
  expect(reader.headers.get('content-type')).toMatch(/^text\/event-stream/)
  expect(reader.headers.get('x-content-type-options')).toBe('nosniff')
  const { event_id, flow_run_id } = await send('EMP001')
  const event = await told(reader, event_id, 'accepted')
  expect(EventSummary.parse(event.data)).toEqual(event.data)
  expect(event.event).toBe('event')
  expect(JSON.stringify(event.data)).not.toContain('confidence')
  const run = await told(reader, flow_run_id, 'pending')
  expect(RunSummary.parse(run.data)).toMatchObject({ workflow_name: 'process_attendance' })

  // Waiting for a signal changes no time of the run: it is noticed because the run is still open.
  await rig.database.query("update dbos.workflow_status set status = 'PENDING' where workflow_uuid = $1", [
    flow_run_id,
  ])
  await rig.database.query("insert into prefect.run_waits (run_id, step, signal) values ($1, 1, 'go')", [
    flow_run_id,
  ])
  await told(reader, flow_run_id, 'waiting')
  await rig.database.query(
    `update dbos.workflow_status set status = 'SUCCESS', completed_at = extract(epoch from now()) * 1000
     where workflow_uuid = $1`,
    [flow_run_id],
  )
  await told(reader, flow_run_id, 'completed')
  const statuses = about(reader, flow_run_id).filter(({ event }) => event === 'run')
  expect(statuses.map(({ data }) => data.status)).toEqual([
    ...new Set(statuses.map(({ data }) => data.status)),
  ])
  expect(about(reader, old.event_id)).toEqual([])
  reader.stop()
})

it('resumes after the last id without losing what happened meanwhile', async () => {
  const first = await read(url)
  const seen = await send('R1')
  const message = await told(first, seen.event_id, 'accepted')
  first.stop()
  const missed = await send('R2')
  const second = await read(url, { 'last-event-id': message.id })
  await told(second, missed.event_id, 'accepted')
  await told(second, missed.flow_run_id, 'pending')
  expect(Number(second.messages.at(-1)?.id)).toBeGreaterThanOrEqual(Number(message.id))
  second.stop()
  const odd = await read(url, { 'last-event-id': 'x; drop table' })
  expect(odd.status).toBe(200)
  odd.stop()
})

it('ends when its key is revoked', async () => {
  const key = await createKey(rig.database, { name: 'screen', scopes: ['read'] })
  const reader = await read(url, { authorization: `Bearer ${key.secret}` })
  expect(reader.status).toBe(200)
  await revokeKey(rig.database, key.id)
  await eventually('the stream to end', () => reader.isOver)
})

it('cuts off a reader that does not read, rather than keep what it does not take', async () => {
  const other = await openHttpRig()
  const { port, host, pathname } = new URL(await listening(other))
  const socket = connect(Number(port), '127.0.0.1')
  socket.on('error', () => {})
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nX-API-Key: ${KEYS.read.secret}\r\n\r\n`)
  const [first] = await once(socket, 'data')
  expect(String(first)).toMatch(/^HTTP\/1\.1 200 /)
  socket.pause()
  await other.database.query(
    `insert into prefect.events (id, kind, source, status, subjects)
     select 'evt_' || n, 'attendance', 'http', 'accepted', array[repeat('x', 50000)] from generate_series(1, 400) n`,
  )
  const connections = promisify(other.app.server.getConnections.bind(other.app.server))
  await eventually('the connection to be cut', async () => (await connections()) === 0)
  socket.destroy()
  await other.close()
})

it('takes a hundred readers, frees the places of those who left, and ends with the server', async () => {
  const other = await openHttpRig()
  const address = await listening(other)
  const readers = await Promise.all(Array.from({ length: 100 }, () => read(address)))
  expect(readers.map((reader) => reader.status)).toEqual(readers.map(() => 200))
  const refused = await read(address)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10'])
  readers[0]?.stop()
  await eventually('a place to be free', async () => {
    const reader = await read(address)
    return reader.status === 200
  })
  await other.close()
  await eventually('every stream to end', () => readers.every((reader) => reader.isOver))
})
