/** Reading JSON that was stored by others, or long ago: a strange value is shown as it is, never an error. */

/** The JSON an engine column holds; what is not JSON is its own text. Null: the column is null. */
export function parseJson(text: string | null): unknown {
  if (text === null) return null
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Undefined unless it is a JSON object. */
export function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

/** A stored error as `{code, message}`, whatever was stored. */
export function errorOf(value: unknown): { code: string; message: string } {
  const { code, message } = asObject(value) ?? {}
  return {
    code: typeof code === 'string' || typeof code === 'number' ? String(code) : 'error',
    message: typeof message === 'string' ? message : 'No message was kept.',
  }
}
