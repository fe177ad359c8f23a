import { expect, it } from 'vitest'
import { z } from 'zod'
import { coerced } from '../../../src/cli/parameter-values.ts'

const Person = z.object({ name: z.string() }).meta({ id: 'Person' })
const SCHEMA = z.toJSONSchema(
  z.object({
    room_number: z.string(),
    guests: z.number().int(),
    rate: z.number().optional(),
    vip: z.boolean(),
    note: z.string().nullable(),
    count_or_word: z.union([z.number(), z.enum(['all'])]),
    kind: z.enum(['deluxe', 'suite']),
    level: z.literal(3),
    list: z.array(z.string()),
    person: Person,
    value: z.union([z.number(), z.record(z.string(), z.unknown())]),
    anything: z.unknown(),
  }),
  { io: 'input' },
)
/** As the catalogue has a schema with a name of its own. */
const NAMED = z.toJSONSchema(z.object({ room_number: z.string() }).meta({ id: 'Named' }), { io: 'input' })

it.each([
  ['room_number', '201', '201'],
  ['room_number', 'true', 'true'],
  ['room_number', '{"a":1}', '{"a":1}'],
  ['room_number', '"0042"', '0042'],
  ['room_number', 'null', 'null'],
  ['guests', '2', 2],
  ['guests', 'two', 'two'],
  ['guests', '"2"', '"2"'],
  ['rate', '0.5', 0.5],
  ['rate', 'true', 'true'],
  ['vip', 'true', true],
  ['vip', '1', '1'],
  ['note', 'null', null],
  ['note', '"null"', 'null'],
  ['note', '201', '201'],
  ['count_or_word', '7', '7'],
  ['kind', 'suite', 'suite'],
  ['level', '3', 3],
  ['list', '["a","b"]', ['a', 'b']],
  ['list', 'a', 'a'],
  ['person', '{"name":"Hoa"}', { name: 'Hoa' }],
  ['value', '0.8', 0.8],
  ['value', '{"low":1}', { low: 1 }],
  ['anything', '7', 7],
  ['anything', 'seven', 'seven'],
  ['unknown', '7', 7],
  ['unknown', 'null', null],
  ['unknown', '12345678901234567890', '12345678901234567890'],
  ['guests', '12345678901234567890', '12345678901234567890'],
])('%s=%s', (name, text, value) => {
  expect(coerced(text, SCHEMA, name)).toEqual(value)
})

it('finds a property behind a reference, and in a part of its owner', () => {
  expect(NAMED).toHaveProperty('$ref')
  expect(coerced('201', NAMED, 'room_number')).toBe('201')
  const parts = {
    allOf: [{ properties: { a: { type: 'string' } } }, { properties: { b: { type: 'integer' } } }],
  }
  expect([coerced('1', parts, 'a'), coerced('1', parts, 'b')]).toEqual(['1', 1])
  expect(coerced('1', { $ref: 'https://elsewhere.example/schema' }, 'a')).toBe(1)
})
