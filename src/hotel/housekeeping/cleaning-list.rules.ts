import type { CleaningOutcome } from './cleaning-request.parameters.ts'

/** The day's lists as CSV, for whoever prints them: one row per room, in the order each attendant cleans. */
export function cleaningListCsv({ business_date, attendants, unassigned }: CleaningOutcome): string {
  const rows = [
    ['business_date', 'attendant', 'position', 'room', 'note'],
    ...attendants.flatMap(({ employee_id, rooms }) =>
      rooms.map((room, index) => [business_date, employee_id, String(index + 1), room, '']),
    ),
    ...unassigned.map(({ room_number, reason }) => [business_date, '', '', room_number, reason]),
  ]
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

/** A cell that a spreadsheet would take for a formula is made text. */
function cell(value: string): string {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
