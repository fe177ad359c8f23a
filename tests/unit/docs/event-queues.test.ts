/** docs/operations.md shows the queues of the specification's events; that all of them are listed is for `/docs`. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { EVENT_EXCHANGE, EVENT_KINDS } from '../../../src/hotel/event-kinds.ts'

const text = readFileSync('docs/operations.md', 'utf8')
const rows = [...text.matchAll(/^\| `([\w.]+\.events)` \| (.+) \| `(\w+)` \|$/gm)].map(
  ([, queue = '', keys = '', name = '']) => ({ queue, keys, name }),
)

it.each(rows)('$name: $queue', ({ queue, keys, name }) => {
  const kind = EVENT_KINDS.find((kind) => kind.name === name)
  expect({ queue, keys }).toEqual({
    queue: kind?.queue,
    keys: kind?.routingKeys.map((key) => `\`${key}\``).join(', '),
  })
})

it('the documents name the exchange, and the queues of the five events of the specification', () => {
  expect(rows).toHaveLength(5)
  for (const path of ['docs/operations.md', 'docs/senders.md'])
    expect(readFileSync(path, 'utf8')).toContain(`exchange \`${EVENT_EXCHANGE}\``)
})
