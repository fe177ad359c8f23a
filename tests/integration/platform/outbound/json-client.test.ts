import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  type ServiceSimulator,
  type SimulatedAnswer,
  startServiceSimulator,
} from '../../../../simulators/services/service-simulator.ts'
import {
  createJsonClient,
  type JsonCall,
  type JsonClient,
} from '../../../../src/platform/outbound/json-client.ts'
import { createGuard } from '../../../../src/platform/outbound/service-guard.ts'
import { eventually } from '../../../support/eventually.ts'

const Answer = z.object({ name: z.string(), marks: z.record(z.string(), z.number()).default({}) })
const never = new AbortController().signal

let service: ServiceSimulator
let client: JsonClient
let answer: SimulatedAnswer

beforeEach(async () => {
  answer = { body: { name: 'Sen', unknown: true } }
  service = await startServiceSimulator({ handle: () => answer })
  client = clientOf(service.url)
})
afterEach(async () => {
  await client.close()
  await service.close()
})

function clientOf(
  url: string,
  settings: { timeoutMs?: number; headers?: Record<string, string> } = {},
): JsonClient {
  const { timeoutMs = 5_000, headers = { authorization: 'Bearer secret' } } = settings
  const guard = createGuard({ service: 'pms', timeoutMs, failures: 100 })
  return createJsonClient({ url, guard, headers, maxAnswerBytes: 1_000 })
}

function get(call: Partial<JsonCall<typeof Answer>> = {}, from = client) {
  return from.call({
    operation: 'get',
    method: 'GET',
    path: '/rooms',
    answer: Answer,
    signal: never,
    ...call,
  })
}

describe('a request', () => {
  it('carries JSON, the key, the query and the common headers; unknown fields of the answer are ignored', async () => {
    const query = { page: 2, since: '2025-01-17T08:00:00+07:00', none: undefined }
    const json = { tên: 'Nguyễn' }
    const found = await get({ method: 'POST', path: '/rooms/a%2Fb', query, json, idempotencyKey: 'run:1' })
    expect(found).toEqual({ name: 'Sen', marks: {} })
    const [request] = service.requests
    expect(request?.path).toBe('/rooms/a%2Fb')
    expect(Object.fromEntries(request?.query ?? [])).toEqual({
      page: '2',
      since: '2025-01-17T08:00:00+07:00',
    })
    expect(request?.json()).toEqual(json)
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': 'run:1',
      authorization: 'Bearer secret',
      accept: 'application/json',
    })
  })

  it('carries a form', async () => {
    await get({ method: 'PUT', form: { roomName: '201 & 202', condition: 'sạch' } })
    const [request] = service.requests
    expect(request?.headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(Object.fromEntries(request?.form() ?? [])).toEqual({ roomName: '201 & 202', condition: 'sạch' })
  })

  it.each(['/rooms/../keys', '/rooms/.', '/..'])(
    'for %s is never sent: it would ask for something else',
    async (path) => {
      await expect(get({ path })).rejects.toMatchObject({ name: 'GiveUp', code: 'pms_invalid_request' })
      expect(service.requests).toEqual([])
    },
  )

  it('with a key that no header may hold is the fault of the settings, not of the service', async () => {
    const broken = clientOf(service.url, { headers: { authorization: 'Bearer a\nb' } })
    await expect(get({}, broken)).rejects.toMatchObject({ name: 'GiveUp', code: 'pms_invalid_request' })
    await broken.close()
  })
})

describe('an answer', () => {
  it.each([
    [400, { name: 'GiveUp', code: 'pms_refused' }],
    [401, { name: 'GiveUp', code: 'pms_unauthorized' }],
    [403, { name: 'GiveUp', code: 'pms_unauthorized' }],
    [404, { name: 'GiveUp', code: 'pms_not_found' }],
    [302, { name: 'GiveUp', code: 'pms_refused' }],
    [408, { name: 'TryAgain', code: 'pms_unavailable' }],
    [500, { name: 'TryAgain', code: 'pms_unavailable' }],
    [503, { name: 'TryAgain', code: 'pms_unavailable', afterSeconds: 7 }],
    [429, { name: 'TryAgain', code: 'pms_rate_limited', afterSeconds: 7 }],
  ])('of status %i is an instruction', async (status, instruction) => {
    answer = {
      status,
      body: { error: 'Nguyen Van A' },
      headers: { 'retry-after': '7', location: service.url },
    }
    const error: Error = await get().then(
      () => expect.fail('it was taken'),
      (thrown) => thrown,
    )
    expect(error).toMatchObject(instruction)
    expect(error.message).not.toContain('Nguyen')
    expect(service.requests).toHaveLength(1)
  })

  it('that says when in a date is understood', async () => {
    answer = { status: 429, headers: { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' } }
    await expect(get()).rejects.toMatchObject({ afterSeconds: expect.any(Number) })
    answer = { status: 429, headers: { 'retry-after': 'soon' } }
    await expect(get({}, clientOf(service.url))).rejects.toMatchObject({ afterSeconds: 1 })
  })

  it('of a status that means "none" is undefined', async () => {
    answer = { status: 404 }
    expect(await get({ absent: [404] })).toBeUndefined()
  })

  it('of another form is refused by the names of its fields, never by what they hold', async () => {
    answer = { body: { name: 7, marks: { 'Nguyễn Văn A': 'high' } } }
    await expect(get()).rejects.toMatchObject({
      name: 'GiveUp',
      code: 'pms_invalid_answer',
      message: '"pms" answered in another form: name, marks.?.',
    })
  })

  it("that is no JSON is a proxy's: it may be better the next time", async () => {
    service.behave('garbled')
    await expect(get()).rejects.toMatchObject({ name: 'TryAgain', code: 'pms_unavailable' })
  })

  it('that is too large is not read to its end', async () => {
    answer = { body: { name: 'x'.repeat(1_000) } }
    await expect(get()).rejects.toMatchObject({ name: 'GiveUp', code: 'pms_invalid_answer' })
    answer = { body: { name: 'Sen' } }
    expect(await get()).toMatchObject({ name: 'Sen' })
  })
})

describe('no answer', () => {
  it('in time is a timeout', async () => {
    service.behave('hang')
    const hasty = clientOf(service.url, { timeoutMs: 50 })
    await expect(get({}, hasty)).rejects.toMatchObject({ name: 'TryAgain', code: 'pms_timeout' })
    await hasty.close()
  })

  it("because the caller stopped is the caller's reason, and the connection is let go", async () => {
    service.behave('hang')
    const caller = new AbortController()
    const stopped = expect(get({ signal: caller.signal })).rejects.toThrow('cancelled')
    await eventually('the request to arrive', () => service.requests.length === 1)
    caller.abort(new Error('cancelled'))
    await stopped
  })

  it('because it was cut off in the middle is an outage, as is nobody listening', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"name":', () => response.destroy())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const other = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    await expect(get({}, other)).rejects.toMatchObject({ name: 'TryAgain', code: 'pms_unavailable' })
    await new Promise((resolve) => server.close(resolve))
    await expect(get({}, other)).rejects.toMatchObject({ name: 'TryAgain', code: 'pms_unavailable' })
    await other.close()
  })
})
