import { z } from 'zod'

/** A caller further back than this goes on by `cursor`: every row that is left out is read all the same. */
const DEEPEST_OFFSET = 100_000

/**
 * Which part of a list: `limit` (1..200) rows after the first `offset`, or after the page that gave `cursor`. Spread its
 * shape into a list's query.
 */
export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  offset: z.coerce
    .number()
    .int()
    .min(0)
    .max(
      DEEPEST_OFFSET,
      `must be at most ${DEEPEST_OFFSET}: read on with cursor=, the next_cursor of the last page`,
    )
    .default(0),
  cursor: z
    .string()
    .min(1)
    .max(1_000)
    .optional()
    .meta({
      description:
        'The `next_cursor` of the page before, with the same filters: goes on where that page ended, whatever was ' +
        'added since. Not together with `offset`',
    }),
})
export type PageQuery = z.infer<typeof PageQuery>

/** What every list says of itself. Spread its shape into a list's answer. */
export const PageAnswer = z.object({
  total: z.number().meta({
    description:
      'How many there are in all: exact up to 10,000, an estimate beyond or where counting costs too much',
  }),
  total_is_estimate: z.boolean(),
  limit: z.number(),
  offset: z.number(),
  next_cursor: z.string().nullable().meta({ description: 'For `cursor`, to read on; null on the last page' }),
})
export type PageAnswer = z.infer<typeof PageAnswer>

const MOST_VALUES = 20

/** One value or several in a query: `status=failed,crashed`, or `status=failed&status=crashed`. At most 20. */
export function several<Value extends string>(value: z.ZodType<Value>) {
  const { $schema: _, ...items } = z.toJSONSchema(value)
  return z
    .unknown()
    .transform((given, context): Value[] => {
      const parsed = z.array(value).min(1).max(MOST_VALUES).safeParse(split(given))
      if (parsed.success) return parsed.data
      // Named by the parameter alone: which of its values is wrong is in the message.
      const messages = new Set(parsed.error.issues.map(({ message }) => message))
      for (const message of messages) context.addIssue({ code: 'custom', message })
      return z.NEVER
    })
    .meta({ type: 'array', items, description: 'One or several, separated by commas or repeated' })
    .optional()
}

function split(given: unknown): unknown[] {
  const texts = Array.isArray(given) ? given : [given]
  return texts.flatMap((text) => (typeof text === 'string' ? text.split(',') : [text]))
}

/** `true` or `false`, as text. */
export const Flag = z.enum(['true', 'false']).transform((text) => text === 'true')

/** The beginning of an id or of a subject. */
export const Search = z.string().min(2).max(200).meta({
  description:
    'The beginning of an id, in any case (`fr_8k2`), or of a subject, in its own case (`room:2`, `employee:EMP`)',
})
