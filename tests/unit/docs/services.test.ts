/**
 * docs/services.md is what other teams build against: its examples fit the schemas that check their answers, and its
 * tables are made of them. `UPDATE_DOCS=1` writes the tables anew.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { SETTING_NAMES } from '../../../src/config.ts'
import { HOTEL_CALL_LIMITS } from '../../../src/hotel/call-limits.ts'
import * as cv from '../../../src/hotel/services/cv/wire.ts'
import * as llm from '../../../src/hotel/services/llm/wire.ts'
import * as ml from '../../../src/hotel/services/ml/wire.ts'
import { CALL_LIMITS, type CallLimit } from '../../../src/platform/outbound/call-limits.ts'

const PATH = 'docs/services.md'
const SCHEMAS = new Map<string, z.ZodType>(
  Object.entries({ llm, ml, cv }).flatMap(([service, wire]) =>
    Object.entries(wire).map(([name, schema]): [string, z.ZodType] => [`${service}.${name}`, schema]),
  ),
)

/** The mark above an example, the example, and the table below it, if it is there. */
const BLOCK = /<!-- (\w+\.\w+) -->\n```json\n([\s\S]*?)\n```(?:\n\n\|[^\n]*(?:\n\|[^\n]*)*)?/g

if (process.env.UPDATE_DOCS) {
  const updated = readFileSync(PATH, 'utf8').replace(BLOCK, (_, name: string, example: string) => {
    return `<!-- ${name} -->\n\`\`\`json\n${example}\n\`\`\`\n\n${tableOf(schemaOf(name))}`
  })
  writeFileSync(PATH, updated)
}
const text = readFileSync(PATH, 'utf8')
const examples = [
  ...text.matchAll(/(?:<!-- ([\w.]+) -->\n)?```json\n([\s\S]*?)\n```\n\n((?:\|[^\n]*\n)*)/g),
].map(([, name = '', example = '', table = '']) => ({ name, example, table: table.trimEnd() }))

it('has an example of everything that goes over the wire, and of nothing else', () => {
  expect(examples).toHaveLength(text.match(/```json/g)?.length ?? 0)
  expect(examples.map(({ name }) => name).toSorted()).toEqual([...SCHEMAS.keys()].toSorted())
})

it.each(examples)('the example of $name fits its schema, and has no field beyond it', ({ name, example }) => {
  const value: unknown = JSON.parse(example)
  expect(schemaOf(name).parse(value)).toEqual(value)
})

it.each(examples)('the table of $name is made of its schema', ({ name, table }) => {
  expect(table).toBe(tableOf(schemaOf(name)))
})

it('names every setting of a service', () => {
  const services = /^(LLM|ML|CV|PMS|SMTP|EMAIL|SLACK|TWILIO|S3|REDIS|INFLUX|OTEL|SENTRY)_/
  const settings = SETTING_NAMES.filter((name) => services.test(name))
  expect(settings.length).toBeGreaterThan(25)
  for (const name of settings) expect(text).toContain(`\`${name}\``)
})

it('says how long each call may take, and how many run at once', () => {
  const rows = [...text.matchAll(/^\| `(\w+)` \| (\d+) s \| (\d+) \|$/gm)]
  const limits: Record<string, CallLimit> = { ...CALL_LIMITS, ...HOTEL_CALL_LIMITS }
  const expected = Object.entries(limits).map(([name, { timeoutMs, atOnce = 16 }]) => [
    name,
    timeoutMs / 1000,
    atOnce,
  ])
  expect(rows.map(([, name, seconds, atOnce]) => [name, Number(seconds), Number(atOnce)])).toEqual(expected)
})

function schemaOf(name: string): z.ZodType {
  const schema = SCHEMAS.get(name)
  if (!schema) throw new Error(`${PATH} names ${name}, which no wire.ts exports.`)
  return schema
}

interface Field {
  type?: string | string[]
  description?: string
  properties?: Record<string, Field>
  items?: Field
  additionalProperties?: Field | boolean
  anyOf?: Field[]
  enum?: string[]
  format?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  maxItems?: number
}

function tableOf(schema: z.ZodType): string {
  const rows = fieldsOf(z.toJSONSchema(schema) as Field).map(
    ([name, field]) => `| \`${name}\` | ${kindOf(field)} | ${field.description ?? ''} |`,
  )
  return ['| field | is | meaning |', '|---|---|---|', ...rows].join('\n')
}

function fieldsOf({ properties = {} }: Field, prefix = ''): [name: string, field: Field][] {
  return Object.entries(properties).flatMap(([name, field]): [string, Field][] => [
    [prefix + name, field],
    ...(field.items ? fieldsOf(field.items, `${prefix}${name}[].`) : []),
  ])
}

function kindOf(field: Field): string {
  if (field.anyOf) return field.anyOf.map(kindOf).join(' or ')
  if (Array.isArray(field.type)) return field.type.map((type) => kindOf({ ...field, type })).join(' or ')
  if (field.enum) return field.enum.map((word) => `\`${word}\``).join(', ')
  if (field.format === 'date-time') return 'instant'
  if (field.type === 'array') return `list of ${kindOf(field.items ?? {})}${upTo(field.maxItems)}`
  if (field.type === 'string') return `text${range(field.minLength, field.maxLength)}`
  if (field.type === 'integer') return `whole number${range(field.minimum, field.maximum)}`
  if (field.type === 'number') return `number${range(field.minimum, field.maximum)}`
  if (typeof field.additionalProperties === 'object') return `map of ${kindOf(field.additionalProperties)}`
  if (field.properties) return 'object'
  if (field.type === 'null') return 'null'
  throw new Error(`The tables have no word for ${JSON.stringify(field)} yet.`)
}

function range(least: number | undefined, most: number | undefined): string {
  // What a double holds is no limit worth telling.
  const [from, to] = [least, most].map((end) =>
    Math.abs(end ?? Infinity) >= Number.MAX_SAFE_INTEGER ? undefined : end,
  )
  if (from !== undefined && to !== undefined) return `, ${from} to ${count(to)}`
  return from === undefined ? upTo(to) : `, at least ${from}`
}

function upTo(most: number | undefined): string {
  return most === undefined ? '' : `, at most ${count(most)}`
}

function count(value: number): string {
  return value.toLocaleString('en')
}
