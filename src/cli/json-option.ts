import { InvalidArgumentError } from 'commander'

/** The value of an option that is written as one JSON object. */
export function jsonObject(text: string): Record<string, unknown> {
  const value: unknown = parsed(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidArgumentError('It must be a JSON object, for example \'{"employee_id":"EMP001"}\'.')
  }
  return value as Record<string, unknown>
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new InvalidArgumentError(`It is not JSON: ${(error as Error).message}.`)
  }
}
