import { expect, it } from 'vitest'
import { EVENT_KINDS } from '../../../src/hotel/event-kinds.ts'

it('no two kinds of event share a name, a queue or a routing key', () => {
  const all = [
    EVENT_KINDS.map(({ name }) => name),
    EVENT_KINDS.map(({ queue }) => queue),
    EVENT_KINDS.flatMap(({ routingKeys }) => routingKeys),
  ]
  for (const names of all) expect(new Set(names).size).toBe(names.length)
})

it.each(EVENT_KINDS)('$name has an example that fits', ({ schema, summary }) => {
  expect(summary).not.toMatch(/\.$/)
  const examples = schema.meta()?.examples as unknown[]
  expect(examples.length).toBeGreaterThan(0)
  for (const example of examples) expect(schema.safeParse(example).error).toBeUndefined()
})
