import { expect, it } from 'vitest'
import { EVENT_KINDS } from '../../../src/hotel/event-kinds.ts'
import { RoomNumber } from '../../../src/hotel/words.ts'

it.each(['201', 'A-305', 'Tầng 3', '12/2', ' 201 ', '🏠'])('%s is a room number', (number) => {
  expect(RoomNumber.parse(number)).toBe(number.trim())
})

it.each([
  ['a bell', '2\u00071'],
  ['NUL', '201\u0000x'],
  ['a line', '20\n1'],
  ['C1', '2\u008501'],
  ['nothing to see', '2\u200b01'],
  ['turned text', '\u202e102'],
  ['a byte order mark', '2\ufeff01'],
])('%s is not in a room number', (_, number) => {
  expect(RoomNumber.safeParse(number).success).toBe(false)
})

// HTTP answers 422 and AMQP dead-letters what its schema does not take.
it('every event that names a room holds to it', () => {
  const examples = EVENT_KINDS.map(({ schema }) => schema.meta()?.examples as Record<string, unknown>[])
  const named = examples.flatMap((some, i) =>
    some
      .filter((one) => JSON.stringify(one).includes('room_number'))
      .map((one) => ({ schema: EVENT_KINDS[i]?.schema, one })),
  )
  expect(named.length).toBeGreaterThanOrEqual(3)
  for (const { schema, one } of named) {
    expect(schema?.safeParse(one).success).toBe(true)
    const hostile = JSON.parse(
      JSON.stringify(one).replace(/"room_number":"[^"]*"/, '"room_number":"2\\u00071"'),
    )
    expect(schema?.safeParse(hostile).success).toBe(false)
  }
})
