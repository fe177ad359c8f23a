import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
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
  examples: unknown[]
}

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

/** An example of the document with some of its members replaced, dropped or added. */
const bent = (examples: unknown[]) =>
  fc
    .tuple(
      fc.constantFrom(...examples),
      fc.dictionary(fc.constantFrom(...memberNames(examples), '__proto__', 'extra'), json, { maxKeys: 3 }),
      fc.array(fc.constantFrom(...memberNames(examples)), { maxLength: 2 }),
    )
    .map(([example, changes, dropped]) => {
      const body: Record<string, unknown> = { ...(example as object), ...changes }
      for (const name of dropped) delete body[name]
      return body
    })
const memberNames = (examples: unknown[]) => [
  ...new Set(examples.flatMap((example) => Object.keys(example as object))),
]

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
        examples: ref
          ? (document.components.schemas[ref.split('/').pop() ?? ''].examples ?? [{ payload: 1 }])
          : [],
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

it('no request, however strange, is answered with a fault of the service', async () => {
  const document = (await rig.call('GET', '/openapi.json')).body
  const operations = operationsOf(document)
  expect(operations.length).toBeGreaterThan(15)
  const body = document.components.schemas.AttendanceEvent.examples[0]
  const event = (await rig.call('POST', 'events/attendance', { body })).body
  const known = [event.event_id, event.flow_run_id]
  const request = fc.constantFrom(...operations).chain((operation) => requestOf(operation, known))
  await fc.assert(
    fc.asyncProperty(request, async ({ operation, segments, query, body, key, isEncoded }) => {
      let next = 0
      const write = (value: string) => (isEncoded ? encoded(value) : value.replace(/[^\x21-\x7e]/g, '%00'))
      const path = operation.path.replace(/\{\w+\}/g, () => write(segments[next++ % 2] ?? ''))
      const search = query.map(([name, value]) => `${name}=${write(value)}`).join('&')
      const answer = await rig.call(operation.method, `${path}${search ? `?${search}` : ''}`, {
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
