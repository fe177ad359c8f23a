import { afterAll, beforeAll, expect, it } from 'vitest'
import { AttendanceAccepted, AttendanceEvent } from '../../../../src/hotel/attendance/attendance.event.ts'
import { CancelAnswer, TriggerAnswer, TriggerRequest } from '../../../../src/platform/contract/run.ts'
import { type HttpRig, openHttpRig } from './http-rig.ts'

let rig: HttpRig
// biome-ignore lint/suspicious/noExplicitAny: a JSON document
let document: any
beforeAll(async () => {
  rig = await openHttpRig()
  document = (await rig.call('GET', '/openapi.json')).body
})
afterAll(() => rig.close())

// biome-ignore lint/suspicious/noExplicitAny: a JSON document
const operations = (): any[] => Object.values(document.paths).flatMap((path) => Object.values(path as object))

it('is OpenAPI 3.1, and every operation is named, described and says how it fails', () => {
  expect(document.openapi).toBe('3.1.0')
  expect(document.info.version).toBe('9.9.9-test')
  expect(Object.keys(document.components.securitySchemes)).toEqual(['bearer', 'apiKey'])
  const ids = operations().map((operation) => operation.operationId)
  expect(ids.length).toBeGreaterThan(15)
  expect(new Set(ids).size).toBe(ids.length)
  for (const operation of operations()) {
    expect(operation.summary).toMatch(/\w+/)
    expect(operation.tags).toHaveLength(1)
    if (operation.security?.length === 0) continue
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401', '403', '429', '503']))
    expect(operation.responses['401'].content['application/problem+json'].schema.$ref).toMatch(/Problem$/)
  }
})

it('refers only to schemas it has, and has none that nothing refers to', () => {
  const refs = new Set(JSON.stringify(document).match(/#\/components\/schemas\/\w+/g))
  const names = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`)
  expect([...refs].sort()).toEqual(names.sort())
})

it('shows the examples of the specification, and they fit their own schemas', () => {
  for (const [name, schema] of Object.entries({
    AttendanceEvent,
    AttendanceAccepted,
    TriggerRequest,
    TriggerAnswer,
    CancelAnswer,
  })) {
    const examples = document.components.schemas[name].examples
    expect(examples).toHaveLength(1)
    expect(schema.parse(examples[0])).toEqual(examples[0])
  }
})

it('asks for a body where one is needed and only there', () => {
  const bodyOf = (path: string) => document.paths[`/api/v1/prefect/${path}`].post.requestBody
  expect(bodyOf('events/attendance')).toMatchObject({
    required: true,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/AttendanceEvent' } } },
  })
  expect(bodyOf('workflows/signal/{id}/{signal}').required).toBe(false)
  expect(bodyOf('workflows/cancel/{id}')).toBeUndefined()
})

interface Property {
  format?: string
  anyOf?: { format?: string }[]
}

/** Every property of the schemas, with its name. */
function* propertiesOf(node: unknown): Generator<[name: string, schema: Property]> {
  if (node === null || typeof node !== 'object') return
  for (const [key, value] of Object.entries(node)) {
    if (key === 'properties') yield* Object.entries(value as Record<string, Property>)
    yield* propertiesOf(value)
  }
}

it('says of every instant that it is one', () => {
  const instants = [...propertiesOf(document.components.schemas)].filter(([name]) =>
    /^(at|timestamp|scheduled_start|not_before)$|_at$/.test(name),
  )
  expect(instants.length).toBeGreaterThan(20)
  for (const [name, { format, anyOf }] of instants) {
    expect([name, format ?? anyOf?.[0]?.format]).toEqual([name, 'date-time'])
  }
})

it('says what only a new booking must have, and the service asks for just that', async () => {
  const { if: condition, then: consequence, examples } = document.components.schemas.BookingEvent
  expect(condition).toEqual({
    properties: { event_type: { const: 'new_booking' } },
    required: ['event_type'],
  })
  expect(consequence).toEqual({
    required: ['guest_data', 'room_data'],
    properties: { room_data: { required: ['check_in', 'check_out'] } },
  })
  const sent = async (body: object) => {
    const answer = await rig.call('POST', 'events/booking', { body })
    return [answer.status, (answer.body.errors ?? []).map(({ path }: { path: string }) => path)]
  }
  const { guest_data, room_data, ...bare } = examples[0]
  const { check_in, check_out, ...room } = room_data
  const days = ['body.room_data.check_in', 'body.room_data.check_out']
  expect(await sent(bare)).toEqual([422, ['body.guest_data', ...days]])
  expect(await sent({ ...bare, guest_data, room_data: room })).toEqual([422, days])
  expect(await sent({ ...bare, room_data })).toEqual([422, ['body.guest_data']])
  expect(await sent({ ...bare, guest_data: {}, room_data: { check_in, check_out } })).toEqual([202, []])
  expect(await sent({ ...bare, event_type: 'checked_in' })).toEqual([202, []])
})

it('the page that shows it brings all its scripts itself', async () => {
  const page = await rig.call('GET', '/docs/', { key: 'read' })
  expect(page.status).toBe(200)
  const policy = String(page.headers['content-security-policy'])
  expect(policy).toContain("script-src 'self';")
  const scripts = [...page.text.matchAll(/<script\b([^>]*)>([^<]*)</g)]
  expect(scripts.length).toBeGreaterThan(0)
  for (const [, attributes, inline] of scripts) {
    expect(inline?.trim()).toBe('')
    const source = /src="([^"]+)"/.exec(attributes ?? '')?.[1] ?? ''
    const answer = await rig.call('GET', new URL(source, 'http://localhost/docs/').pathname, { key: 'read' })
    expect([source, answer.status]).toEqual([source, 200])
  }
})
