import fc from 'fast-check'
import { expect, it } from 'vitest'
import { editDistance } from '../../../src/platform/spelling.ts'

it.each([
  ['kitten', 'sitting', 3],
  ['PORT', 'PROT', 1],
  ['HOST', 'HOTS', 1],
  ['DATABASE_URL', 'DATABSE_URL', 1],
  ['', 'abc', 3],
  ['ab', 'ba', 1],
  ['abc', 'cab', 2],
])('%s to %s: %i', (from, to, distance) => {
  expect(editDistance(from, to)).toBe(distance)
})

it('is zero only for the same, the same both ways, never longer than the longer word', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const distance = editDistance(a, b)
      expect(distance === 0).toBe(a === b)
      expect(editDistance(b, a)).toBe(distance)
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length))
      expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length))
    }),
  )
})

it('one slip of a finger is one', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 2 }),
      fc.nat(),
      fc.string({ minLength: 1, maxLength: 1 }),
      (text, n, c) => {
        const at = n % (text.length - 1)
        const swapped = text.slice(0, at) + text[at + 1] + text[at] + text.slice(at + 2)
        for (const slip of [
          swapped,
          text.slice(0, at) + text.slice(at + 1),
          text.slice(0, at) + c + text.slice(at),
        ]) {
          expect(editDistance(text, slip)).toBeLessThanOrEqual(1)
        }
      },
    ),
  )
})
