const LONGEST = 100

/** Who answered: the text at `field` of a signal's payload, which may be anything a person sent. Null: not said. */
export function whoAnswered(payload: unknown, field: 'by' | 'finished_by'): string | null {
  if (typeof payload !== 'object' || payload === null) return null
  const value = (payload as Record<string, unknown>)[field]
  const name = typeof value === 'string' ? value.trim().slice(0, LONGEST) : ''
  return name === '' ? null : name
}
