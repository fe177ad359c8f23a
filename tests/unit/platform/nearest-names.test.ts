import { expect, it } from 'vitest'
import { nearestNames } from '../../../src/platform/spelling.ts'

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
