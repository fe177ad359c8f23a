import { expect, it } from 'vitest'
import { subjectsOf } from '../../../src/hotel/subjects.ts'

it('spells subjects in the order they are given, without those that are not there', () => {
  expect(subjectsOf({ room: '201', booking: 'BOOK001', guest: 'G1' })).toEqual([
    'room:201',
    'booking:BOOK001',
    'guest:G1',
  ])
  expect(subjectsOf({ booking: null, guest: undefined, employee: 'EMP001' })).toEqual(['employee:EMP001'])
  expect(subjectsOf({ room: undefined })).toEqual([])
})
