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
