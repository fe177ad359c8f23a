import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  isUnstorable,
  MAX_DEPTH,
  storable,
  unstorableFields,
} from '../../../../src/platform/contract/unstorable-text.ts'

const nested = (depth: number) => {
  let value: unknown = 'leaf'
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

it('finds every unstorable place by its path, and nothing in clean values', () => {
  const value = { a: ['ok', 'x\0'], 'k\0': 1, b: { c: '\udc00' }, emoji: '😀' }
  expect(
    unstorableFields(value, 'body')
      .map((error) => error.path)
      .sort(),
  ).toEqual(['body.a.1', 'body.b.c', 'body.k\uFFFD'])
  expect(unstorableFields({ a: [1, null, true, '😀', ''] }, 'body')).toEqual([])
  expect(unstorableFields(undefined, 'body')).toEqual([])
  expect(unstorableFields('\0', 'body')).toEqual([{ path: 'body', message: expect.any(String) }])
})

it('allows 64 levels and survives any number', () => {
  expect(unstorableFields(nested(MAX_DEPTH), 'body')).toEqual([])
  expect(unstorableFields(nested(MAX_DEPTH + 1), 'body')).toHaveLength(1)
  expect(unstorableFields(nested(200_000), 'body')).toHaveLength(1)
})

it('names at most 20 places', () => {
  expect(unstorableFields(Array(100).fill('\0'), 'body')).toHaveLength(20)
})

it('makes any text storable and leaves storable text alone', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', '\0', '\ud800', '\udfff'), (text, bad) => {
      expect(isUnstorable(storable(text + bad))).toBe(false)
      if (!isUnstorable(text)) expect(storable(text)).toBe(text)
      if (bad !== '') expect(isUnstorable(`${bad}x`)).toBe(true)
    }),
  )
})
