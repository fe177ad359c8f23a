import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EVENT_KINDS } from '../../../../src/hotel/event-kinds.ts'
import { BASE } from '../../../../src/platform/contract/api.ts'
import { type HttpRig, openHttpRig } from './http-rig.ts'

let rig: HttpRig
beforeAll(async () => {
  rig = await openHttpRig()
})
afterAll(() => rig.close())

interface Operation {
  method: string
  path: string
  query: string[]
  examples: Members[]
}
type Members = Record<string, unknown>

const NASTY = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff\ud800',
  '😀',
  '\uFFFF',
  '../../etc/passwd',
  '%00',
  '%zz',
  "'; drop table prefect.events; --",
  '{"$gt":""}',
  '__proto__',
  'constructor',
  'toString',
  'NaN',
  '-0',
  '1e999',
  '9'.repeat(400),
  '0x10',
  'null',
  '2025-02-30T00:00:00Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:60Z',
  '2025-01-17T24:00:00',
  '2025-01-17T08:30:00+99:99',
  '2025-01-17T08:30:00-23:59',
  'x'.repeat(5_000),
  '\u202Eabc',
  'daily_report_generation',
  'process_attendance',
]
const text = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 }),
)
const number = fc.oneof(
  fc.constantFrom(0, -0, -1, 1e308, 5e-324, 2 ** 53, 2 ** 31, 0.1),
  fc.double(),
  fc.integer(),
)
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    number,
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4 }),
  ),
})).value

/** An example with some of its members replaced, dropped or added, in itself or in one of the objects that it has. */
const bent = (examples: Members[]) =>
  fc.constantFrom(...examples).chain((example) =>
    fc.oneof(
      { weight: 2, arbitrary: bentObject(example) },
      ...Object.entries(example)
        .filter((member): member is [string, Members] => member[1] !== null && typeof member[1] === 'object')
        .map(([name, inner]) => bentObject(inner).map((value) => ({ ...example, [name]: value }))),
    ),
  )
const bentObject = (members: Members) =>
  fc
    .tuple(
      fc.dictionary(fc.constantFrom(...Object.keys(members), '__proto__', 'extra'), json, { maxKeys: 3 }),
      fc.array(fc.constantFrom(...Object.keys(members), 'extra'), { maxLength: 2 }),
    )
    .map(([changes, dropped]) => {
      const body: Members = { ...members, ...changes }
      for (const name of dropped) delete body[name]
      return body
    })

/** The examples of a schema, and each once more with every word that a member of it may be. */
function examplesOf(schema: {
  examples?: Members[]
  properties?: Record<string, { enum?: unknown[] }>
}): Members[] {
  const examples = schema.examples ?? [{ payload: 1 }]
  const words = Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
    (member.enum ?? []).map((word) => ({ [name]: word })),
  )
  return examples.flatMap((example) => [example, ...words.map((word) => ({ ...example, ...word }))])
}

// biome-ignore lint/suspicious/noExplicitAny: a JSON document
function operationsOf(document: any): Operation[] {
  const found: Operation[] = []
  for (const [path, methods] of Object.entries<Record<string, Record<string, unknown>>>(document.paths)) {
    // A stream never ends by itself.
    if (path.endsWith('/stream')) continue
    // biome-ignore lint/suspicious/noExplicitAny: a JSON document
    for (const [method, operation] of Object.entries<any>(methods)) {
      const ref: string | undefined = operation.requestBody?.content['application/json'].schema.$ref
      found.push({
        method: method.toUpperCase(),
        path,
        query: (operation.parameters ?? [])
          .filter((parameter: { in: string }) => parameter.in === 'query')
          .map((parameter: { name: string }) => parameter.name),
        examples: ref ? examplesOf(document.components.schemas[ref.split('/').pop() ?? '']) : [],
      })
    }
  }
  return found
}

const rawBody = (operation: Operation) =>
  fc.oneof(
    fc.constant(undefined),
    json.map((value) => JSON.stringify(value)),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    ...(operation.examples.length > 0
      ? [{ weight: 6, arbitrary: bent(operation.examples).map((value) => JSON.stringify(value)) }]
      : []),
  )

/** `known`: ids there are, so that not every path ends at a 404. */
const requestOf = (operation: Operation, known: string[]) =>
  fc.record({
    operation: fc.constant(operation),
    // Most often its own.
    method: fc.oneof(
      { weight: 12, arbitrary: fc.constant(operation.method) },
      fc.constantFrom('PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'),
    ),
    segments: fc.tuple(fc.oneof(text, fc.constantFrom(...known)), text),
    query:
      operation.query.length === 0
        ? fc.constant<[string, string][]>([])
        : fc.array(fc.tuple(fc.constantFrom(...operation.query), text), { maxLength: 3 }),
    body: operation.method === 'GET' ? fc.constant(undefined) : rawBody(operation),
    key: fc.option(fc.string({ unit: fc.constantFrom(...'abc é\u00ff"\\'), maxLength: 600 }), {
      nil: undefined,
    }),
    isEncoded: fc.boolean(),
  })

/** Percent-encoded as UTF-8; what has no UTF-8 goes as a byte sequence that is none either. */
function encoded(value: string): string {
  return [...value]
    .map((character) => (/\p{Cs}/u.test(character) ? '%ED%A0%80' : encodeURIComponent(character)))
    .join('')
}

/** Every kind of event as the document shows it, in each of its words; answers the ids of what became of them. */
async function sendEvents(operations: Operation[]): Promise<string[]> {
  const known: string[] = []
  for (const { name: kind } of EVENT_KINDS) {
    const examples = operations.find(({ path }) => path === `${BASE}/events/${kind}`)?.examples ?? []
    expect([kind, examples.length > 0]).toEqual([kind, true])
    for (const body of examples) {
      const answer = await rig.call('POST', `events/${kind}`, { body })
      expect([kind, body, answer.status]).toEqual([kind, body, 202])
      const { event_id, flow_run_id, workflows_triggered } = answer.body
      known.push(event_id, flow_run_id ?? workflows_triggered[0].flow_run_id)
    }
  }
  return known
}

async function declareSchedule(): Promise<string> {
  const schedule = { type: 'cron', cron: '*/5 * * * *' }
  const parameters = { date: '{{business_date}}' }
  const body = { name: 'fuzzed', workflow: 'daily_report_generation', schedule, parameters }
  expect((await rig.call('POST', 'schedule/create', { body })).status).toBe(201)
  return 'fuzzed'
}

it('no request, however strange, is answered with a fault of the service', async () => {
  const document = (await rig.call('GET', '/openapi.json')).body
  const operations = operationsOf(document)
  expect(operations.length).toBeGreaterThan(15)
  const known = [...(await sendEvents(operations)), await declareSchedule()]
  const request = fc.constantFrom(...operations).chain((operation) => requestOf(operation, known))
  await fc.assert(
    fc.asyncProperty(request, async ({ operation, method, segments, query, body, key, isEncoded }) => {
      let next = 0
      const write = (value: string) => (isEncoded ? encoded(value) : value.replace(/[^\x21-\x7e]/g, '%00'))
      const path = operation.path.replace(/\{\w+\}/g, () => write(segments[next++ % 2] ?? ''))
      const search = query.map(([name, value]) => `${name}=${write(value)}`).join('&')
      const answer = await rig.call(method, `${path}${search ? `?${search}` : ''}`, {
        ...(body === undefined ? {} : { raw: body }),
        headers: { 'idempotency-key': key ?? '' },
      })
      expect(answer.status).toBeLessThan(500)
      if (answer.status >= 400) {
        expect(answer.body).toMatchObject({ status: answer.status, detail: expect.stringMatching(/\w/) })
      }
      expect(answer.text).not.toMatch(/node_modules| {4}at /)
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 5000) },
  )
}, 600_000)
