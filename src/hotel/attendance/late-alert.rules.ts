import { escapeForSlack } from '../messages/slack-text.rules.ts'
import { inMinutes } from '../plain-text.ts'

/** The message a supervisor gets, in the specification's wording. Slack's own markup; values are escaped for it. */
export function lateAlertText(punch: {
  employeeId: string
  employeeName: string | null
  department: string | null
  lateMinutes: number
}): string {
  const id = escapeForSlack(punch.employeeId)
  const name = escapeForSlack(punch.employeeName ?? punch.employeeId)
  return [
    '⚠ *Late Check-in Alert*',
    '',
    `Employee: ${name} (${id})`,
    `Late by: ${inMinutes(punch.lateMinutes)}`,
    `Department: ${escapeForSlack(punch.department ?? 'unknown')}`,
  ].join('\n')
}
