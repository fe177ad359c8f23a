import fc from 'fast-check'
import { expect, it } from 'vitest'
import { BEGINNING, inOrder, placeOfSnapshot } from '../../../src/hotel/history-order.ts'

const key = fc.stringMatching(/^[a-z0-9_:.~-]{1,12}$/)

it('goes by time, then by the bytes of the key, as the database does', () => {
  fc.assert(
    fc.property(fc.nat(2), key, fc.nat(2), key, (at, one, otherAt, other) => {
      const byBytes = Buffer.compare(Buffer.from(one), Buffer.from(other))
      const expected = at === otherAt ? byBytes : at - otherAt
      expect(Math.sign(inOrder({ at, key: one }, { at: otherAt, key: other }))).toBe(Math.sign(expected))
      const dated = inOrder({ at: new Date(at), key: one }, { at: new Date(otherAt), key: other })
      expect(Math.sign(dated)).toBe(Math.sign(expected))
    }),
  )
})

it('puts a snapshot behind the newest change and what belongs to it, before any other later one', () => {
  const newest = { at: new Date('2025-01-17T08:00:00Z'), key: 'fr_1.0' }
  const snapshot = placeOfSnapshot(newest, new Date(BEGINNING))
  expect(inOrder(snapshot, newest)).toBeGreaterThan(0)
  expect(inOrder(snapshot, { at: newest.at, key: 'fr_1.0:occupy:201' })).toBeGreaterThan(0)
  expect(inOrder(snapshot, { at: newest.at, key: 'fr_1.1' })).toBeLessThan(0)
  expect(placeOfSnapshot(undefined, BEGINNING)).toEqual({ at: BEGINNING, key: 'snapshot' })
})
