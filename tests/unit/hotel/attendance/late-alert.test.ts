import { expect, it } from 'vitest'
import { lateAlertText } from '../../../../src/hotel/attendance/late-alert.rules.ts'

it('has the wording of the specification', () => {
  const punch = { employeeId: 'EMP001', employeeName: 'Lê Thị Hoa', department: 'Kitchen', lateMinutes: 12 }
  expect(lateAlertText(punch)).toBe(
    '⚠ *Late Check-in Alert*\n\nEmployee: Lê Thị Hoa (EMP001)\nLate by: 12 minutes\nDepartment: Kitchen',
  )
})

it('counts one minute as one', () => {
  const punch = { employeeId: 'EMP001', employeeName: null, department: null, lateMinutes: 1 }
  expect(lateAlertText(punch)).toContain('\nLate by: 1 minute\n')
})

it('lets no value mention, link or page anyone', () => {
  const text = lateAlertText({
    employeeId: '<@U1>',
    employeeName: '<!channel>',
    department: 'Food & Beverage',
    lateMinutes: 6,
  })
  expect(text).not.toMatch(/[<>]/)
  expect(text).toContain('&lt;!channel&gt; (&lt;@U1&gt;)')
  expect(text).toContain('Food &amp; Beverage')
})
