/** How an operation may answer, for its OpenAPI description. */
import { STATUS_CODES } from 'node:http'
import type { z } from 'zod'
import { Problem } from '../contract/problem.ts'

interface Documented {
  description: string
  content: Record<string, { schema: z.ZodType }>
}

/** One answer of an operation: its body's schema, what it means, and its media type. */
export function answer(schema: z.ZodType, description: string, type = 'application/json'): Documented {
  return { description, content: { [type]: { schema } } }
}

/** The given statuses and those every operation has: 401, 403, 422, 429, 500, 503. */
export function problems(...statuses: number[]): Record<number, Documented> {
  const all = [...statuses, 401, 403, 422, 429, 500, 503]
  return Object.fromEntries(
    all.map((status) => [
      status,
      answer(Problem, STATUS_CODES[status] ?? 'Error', 'application/problem+json'),
    ]),
  )
}
