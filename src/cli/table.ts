/** Text for a terminal: aligned, and free of anything that a terminal would obey. */

/** One row per line, columns as wide as they need to be; `headings` in capitals above. */
export function table(headings: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = [headings.map((heading) => heading.toUpperCase()), ...rows.map((row) => row.map(plain))]
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => width(row[column] ?? ''))))
  return cells.map((row) => line(row, widths)).join('\n')
}

/** Names on the left, values on the right. */
export function sheet(entries: readonly (readonly [name: string, value: unknown])[]): string {
  const widest = Math.max(...entries.map(([name]) => width(name)))
  return entries.map((entry) => line([entry[0], plain(entry[1])], [widest, 0])).join('\n')
}

/** A value as one line of text; nothing at all is a dash. */
export function plain(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-'
  if (Array.isArray(value) && value.every((member) => typeof member === 'string'))
    return plain(value.join(', '))
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  // Names in events come from outside: an escape sequence in one must not move the cursor or retitle the window.
  return text.normalize('NFC').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD')
}

/** Seconds as a person reads them. */
export function seconds(value: number | null): string {
  return value === null ? '-' : `${Number(value.toFixed(3))} s`
}

function line(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell))))
    .join('  ')
    .trimEnd()
}

const width = (text: string) => [...text].length
