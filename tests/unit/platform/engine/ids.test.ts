import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bodyHash, eventIdFor, idFrom, newRunId, runIdFor } from '../../../../src/platform/engine/ids.ts'

it('gives ids of one form, new ones always new, derived ones always the same', () => {
  const ids = Array.from({ length: 1000 }, newRunId)
  expect(new Set(ids).size).toBe(1000)
  for (const id of [...ids, runIdFor('run', 'a', 'b')]) expect(id).toMatch(/^fr_[0-9a-hjkmnp-tv-z]{26}$/)
  expect(eventIdFor('attendance', 'k')).toMatch(/^evt_[0-9a-hjkmnp-tv-z]{26}$/)
  expect(runIdFor('run', 'a', 'b')).toBe(runIdFor('run', 'a', 'b'))
  expect(idFrom('req', 'k')).toMatch(/^req_[0-9a-hjkmnp-tv-z]{26}$/)
  expect(idFrom('req', 'k')).toBe(idFrom('req', 'k'))
})

it('gives runs and events the ids they had: a repeat must find the first after an upgrade too', () => {
  expect(runIdFor('run', 'process_attendance', 'k')).toBe('fr_rx420dxmpensc0wc7v98a1rv7c')
  expect(eventIdFor('attendance', 'k')).toBe('evt_468h89xw5993czep3xdj5dv8qt')
})

it('keeps the parts of an id apart', () => {
  expect(runIdFor('run', 'ab', 'c')).not.toBe(runIdFor('run', 'a', 'bc'))
  expect(runIdFor('run', 'a","b')).not.toBe(runIdFor('run', 'a', 'b'))
  expect(eventIdFor('attendance', 'k')).not.toBe(eventIdFor('booking', 'k'))
})

it('uses all 130 bits of the hash', () => {
  const letters = Array.from({ length: 26 }, () => new Set<string>())
  for (let n = 0; n < 2000; n++) {
    for (const [place, letter] of [...runIdFor(`${n}`).slice(3)].entries()) letters[place]?.add(letter)
  }
  expect(letters.map((seen) => seen.size)).toEqual(letters.map(() => 32))
})

it('hashes a body whatever the order of its members, and tells different bodies apart', () => {
  expect(bodyHash({ a: 1, b: { c: [1, 2], d: null } })).toBe(bodyHash({ b: { d: null, c: [1, 2] }, a: 1 }))
  expect(bodyHash({ a: 1, b: undefined })).toBe(bodyHash({ a: 1 }))
  expect(bodyHash([1, 2])).not.toBe(bodyHash([2, 1]))
  expect(bodyHash({ a: '1' })).not.toBe(bodyHash({ a: 1 }))
  expect(bodyHash({ a: {} })).not.toBe(bodyHash({ a: [] }))
  expect(bodyHash(undefined)).toBe(bodyHash(null))
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(bodyHash(JSON.parse(JSON.stringify(value)))).toBe(bodyHash(value))
    }),
  )
})
