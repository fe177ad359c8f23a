import fc from 'fast-check'
import { expect, it } from 'vitest'
import { editDistance, nearestNames } from '../../../src/http/nearest-names.ts'

const KNOWN = ['process_attendance', 'daily_report_generation', 'weekly_report_generation', 'pms_sync']

it('finds what was meant, nearest first, and nothing when nothing is near', () => {
  expect(nearestNames('daily_report_generaton', KNOWN)[0]).toBe('daily_report_generation')
  expect(nearestNames('Process_Attendance', KNOWN)[0]).toBe('process_attendance')
  expect(nearestNames('report_generation', KNOWN)).toEqual([
    'daily_report_generation',
    'weekly_report_generation',
  ])
  expect(nearestNames('zzz', KNOWN)).toEqual([])
  expect(nearestNames('a'.repeat(100_000), KNOWN)).toEqual([])
})

it('measures a distance: zero only for the same, the same both ways, never longer than the longer word', () => {
  expect(editDistance('kitten', 'sitting')).toBe(3)
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const distance = editDistance(a, b)
      expect(distance === 0).toBe(a === b)
      expect(editDistance(b, a)).toBe(distance)
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length))
    }),
  )
})
