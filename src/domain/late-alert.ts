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
    `Late by: ${punch.lateMinutes} minutes`,
    `Department: ${escapeForSlack(punch.department ?? 'unknown')}`,
  ].join('\n')
}

/** The three characters that start Slack's links, mentions and entities: a name must not page the whole channel. */
function escapeForSlack(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
