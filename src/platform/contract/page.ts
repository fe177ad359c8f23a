import { z } from 'zod'

/** Which part of a list: `limit` (1..200) rows after the first `offset`. Spread its shape into a list's query. */
export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  offset: z.coerce.number().int().min(0).max(100_000).default(0),
})
export type PageQuery = z.infer<typeof PageQuery>
