import { z } from 'zod'
import { UtcInstant } from './instant.ts'

/** RFC 9457. `errors` names every wrong field by its path (`body.confidence`). */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string(),
    code: z.string().optional(),
    run_status: z.string().optional().meta({ description: 'On a 409: the state the run is in' }),
    decision: z
      .object({
        action: z.string(),
        decided_by: z.string(),
        by: z.string().nullable(),
        decided_at: UtcInstant,
      })
      .optional()
      .meta({ description: 'Of an entry of the inbox that was settled: who did what, and when' }),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' })
export type Problem = z.infer<typeof Problem>

export interface FieldError {
  path: string
  message: string
}

/** zod's issues as a problem's `errors`: one per wrong field, dotted paths. */
export function fieldErrors(error: z.ZodError, prefix = ''): FieldError[] {
  return error.issues.map((issue) => ({
    path: [prefix, ...issue.path.map(String)].filter(Boolean).join('.'),
    message: issue.message,
  }))
}
