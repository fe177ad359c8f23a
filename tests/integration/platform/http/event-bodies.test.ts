/** Bodies as strangers' programs write them, and what the audit trail keeps of them. */
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventIdFor } from '../../../../src/platform/engine/ids.ts'
import { type Answer, type HttpRig, openHttpRig } from './http-rig.ts'

const LIMIT = 100_000
let rig: HttpRig
beforeAll(async () => {
  rig = await openHttpRig({ settings: { bodyLimitBytes: LIMIT, rateLimitPerMinute: 1_000_000 } })
})
afterAll(() => rig.close())

/** Of an employee of its own, with more members before the last brace. */
const punch = (employee: string, more = '') =>
  `{"timestamp": "2025-01-17T08:30:00Z", "employee_id": "${employee}", "action": "check_in", "confidence": 0.98${more}}`
const send = (raw: string | Buffer, headers: Record<string, string> = {}) =>
  rig.call('POST', 'events/attendance', { raw, headers })
const kept = async ({ body }: Answer) => (await rig.call('GET', `events/${body.event_id}`)).text
const parameters = async ({ body }: Answer) => {
  const rows = await rig.database.query<{ inputs: string }>(
    'select inputs from dbos.workflow_status where workflow_uuid = $1',
    [body.flow_run_id],
  )
  return rows[0]?.inputs ?? ''
}

describe('numbers that JavaScript cannot hold', () => {
  const numbers = '"n": [12345678901234567890123, 1e400, -1E-400, 0.1000000000000000055511151231257827, 1.0]'

  it('are kept and shown as they were sent, alone and in a list, and so is the order of the members', async () => {
    const raw = punch('EMP-BIG', `, "metadata": {"b": 1, "a": 2, ${numbers}}`)
    const answer = await send(raw)
    expect(answer.status).toBe(202)
    expect(await kept(answer)).toContain(`"payload":${raw}`)
    expect((await rig.call('GET', 'events?subject=employee:EMP-BIG')).text).toContain(`"payload":${raw}`)
  })

  it('are the same in a replay', async () => {
    const raw = punch('EMP-AGAIN', `, ${numbers}`)
    const first = await send(raw)
    const again = await rig.call('POST', `events/${first.body.event_id}/replay`)
    expect(again.status).toBe(202)
    expect(await kept(again)).toContain(`"payload":${raw}`)
  })

  it('are kept of an event that is refused', async () => {
    const raw = punch('EMP-BAD', `, "action": "dance", ${numbers}`)
    expect((await send(raw)).status).toBe(422)
    expect((await rig.call('GET', 'events?status=rejected')).text).toContain(`"payload":${raw}`)
  })

  it('are no reason to take an event twice: its hash is made of what JavaScript reads, as ever', async () => {
    const first = await send(punch('EMP-HASH', `, ${numbers}`))
    const again = await send(punch('EMP-HASH', `,    ${numbers}`))
    expect([again.status, again.headers['idempotent-replayed']]).toEqual([202, 'true'])
    expect(again.body).toEqual(first.body)
  })
})

describe('an event kept by an older build', () => {
  const raw = punch('EMP-OLD')
  /** Of the body above, as builds before 0009 computed it. */
  const OLD_HASH = '11e6f27eb9e0dd1ffc6d831096a354b653acb607504df185001e810eb6c46014'

  it('is shown, is replayed, and its repeat starts nothing', async () => {
    const id = eventIdFor('attendance', `body:${OLD_HASH}`)
    await rig.database.query(
      `insert into prefect.events (id, kind, source, body_hash, occurred_at, payload, status)
       values ($1, 'attendance', 'http', $2, '2025-01-17T08:30:00Z', $3, 'accepted')`,
      [id, OLD_HASH, raw],
    )
    const shown = await rig.call('GET', `events/${id}`)
    expect(shown.body.payload).toEqual(JSON.parse(raw))
    const replayed = await rig.call('POST', `events/${id}/replay`)
    expect([replayed.status, replayed.body.workflows_triggered.length]).toEqual([202, 1])
    const repeat = await rig.call('POST', 'events/attendance', { raw, headers: { 'idempotency-key': '' } })
    expect(repeat.headers['idempotent-replayed']).toBe('true')
  })
})

describe('members named like parts of JavaScript', () => {
  const names = '"__proto__": {"admin": true}, "constructor": {"prototype": {"admin": true}}, "toString": 1'

  it('are unknown members: kept, ignored, and nothing is changed by them', async () => {
    const raw = punch('EMP-PROTO', `, ${names}, "metadata": {"x": 1, ${names}}`)
    const answer = await send(raw)
    expect(answer.status).toBe(202)
    expect(await kept(answer)).toContain(`"payload":${raw}`)
    expect(await parameters(answer)).not.toContain('__proto__')
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false)
  })

  it('are no other way to say what an event must say', async () => {
    const answer = await send(`{"__proto__": ${punch('EMP-INHERITED')}}`)
    expect([answer.status, answer.body.code]).toEqual([422, 'invalid_event'])
    expect(answer.body.errors.length).toBe(4)
  })

  it('are as good in a request that is no event', async () => {
    const raw = `{"workflow_name": "daily_report_generation", "parameters": {"date": "2025-01-17", ${names}}, ${names}}`
    expect((await rig.call('POST', 'workflows/trigger', { raw })).status).toBe(201)
  })
})

it('a name given twice is kept twice; what only the first holds must be storable too', async () => {
  const twice = punch('EMP-TWICE', ', "note": 1, "note": 2')
  expect(await kept(await send(twice))).toContain(`"payload":${twice}`)
  const deep = punch('EMP-DEEP', `, "note": ${'['.repeat(20_000)}${']'.repeat(20_000)}, "note": 2`)
  const answer = await send(deep)
  expect([answer.status, answer.body.code]).toEqual([422, 'unstorable_value'])
})

describe('what is not JSON is named', () => {
  it.each([
    ['NaN', ', "score": NaN', 'NaN'],
    ['Infinity', ', "score": Infinity', 'Infinity'],
    ['-Infinity, after a string that says NaN', ', "a": "NaN \\" Infinity", "score": -Infinity', '-Infinity'],
  ])('%s', async (_what, more, named) => {
    const answer = await send(punch('EMP-NAN', more))
    expect([answer.status, answer.body.code]).toEqual([400, 'malformed_json'])
    expect(answer.body.detail).toBe(
      `The body is not JSON: ${named} is no number there. Send null, or leave the field out.`,
    )
    expect((await rig.call('GET', 'events?status=rejected')).body.events[0]).toMatchObject({
      reason: answer.body.detail,
      payload: punch('EMP-NAN', more),
    })
  })

  it('quotes without an end take no longer than their length', async () => {
    const answer = await send(`{"a": "${'\\"'.repeat(45_000)}`)
    expect([answer.status, answer.body.detail]).toEqual([400, 'The body is not JSON.'])
  })

  it('gzip that is not said to be', async () => {
    const answer = await send(gzipSync(punch('EMP-GZIP')))
    expect([answer.status, answer.body.code]).toEqual([400, 'malformed_json'])
    expect(answer.body.detail).toContain('Content-Encoding: gzip')
  })
})

describe('gzip', () => {
  const gzip = { 'content-encoding': 'gzip' }

  it('is inflated, and kept as what it says', async () => {
    const raw = punch('EMP-GZIP', ', "n": 12345678901234567890123')
    const answer = await send(gzipSync(raw), gzip)
    expect(answer.status).toBe(202)
    expect(await kept(answer)).toContain(`"payload":${raw}`)
    const shouted = await send(gzipSync(punch('EMP-XGZIP')), { 'content-encoding': 'X-GZIP' })
    expect(shouted.status).toBe(202)
  })

  it('is never inflated beyond what a body may be: in one piece, or in many', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000, 0x20))
    expect(bomb.length).toBeLessThan(LIMIT)
    const pieces = Buffer.concat(Array(50).fill(gzipSync(Buffer.alloc(10_000, 0x20))))
    expect(pieces.length).toBeLessThan(LIMIT)
    for (const raw of [bomb, pieces]) {
      const answer = await send(raw, gzip)
      expect([answer.status, answer.body.code]).toEqual([413, 'body_too_large'])
    }
  })

  it.each([
    ['none at all', Buffer.from(punch('EMP-PLAIN'))],
    ['cut short', gzipSync(punch('EMP-SHORT')).subarray(0, 40)],
    ['no JSON', gzipSync('not JSON')],
  ])('%s: 400', async (_what, raw) => {
    const answer = await send(raw, gzip)
    expect([answer.status, answer.body.code]).toEqual([400, 'malformed_json'])
  })

  it('alone is taken', async () => {
    const answer = await send(brotliCompressSync(punch('EMP-BR')), { 'content-encoding': 'br' })
    expect([answer.status, answer.headers['accept-encoding']]).toEqual([415, 'gzip'])
    expect(answer.body.detail).toContain('gzip')
  })
})

it.each([
  ['application/cloudevents+json', 202],
  ['Application/JSON; charset=UTF-8', 202],
  ['application/vnd.hotel.v1+json;charset=utf-8', 202],
  ['application/jsonp', 415],
  ['application/json-seq', 415],
  ['text/json', 415],
])('%s: %i', async (type, status) => {
  const answer = await send(punch(`EMP-${type.length}`), { 'content-type': type })
  expect(answer.status).toBe(status)
})

it('a byte order mark is no part of the body', async () => {
  const raw = punch('EMP-BOM')
  const answer = await send(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(raw)]))
  expect(answer.status).toBe(202)
  expect(await kept(answer)).toContain(`"payload":${raw}`)
})
