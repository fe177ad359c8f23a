import { expect, it } from 'vitest'
import { BadCursor, readCursor, writeCursor } from '../../../../src/platform/postgres/cursor.ts'

const filters = { statuses: ['failed'] }

it('gives back where a page ended, to the microsecond', () => {
  const end = { at: '2025-01-17T08:30:00.123456Z', id: 'fr_1' }
  expect(readCursor(filters, writeCursor(filters, end))).toEqual(end)
})

it.each([
  ['a thirteenth month', { at: '2026-13-45T99:99:99.000000Z', id: 'fr_1' }],
  ['no time at all', { at: 'yesterday', id: 'fr_1' }],
  ['an id that no text can hold', { at: '2026-01-01T00:00:00.000000Z', id: 'fr_\0' }],
])('refuses %s, though it is of this list', (_, end) => {
  expect(() => readCursor(filters, writeCursor(filters, end))).toThrow(BadCursor)
})
