/** Lists are read by page, with the number of all rows that match beside it. */
import type { PageQuery } from '../contract/page.ts'
import type { Conditions } from './conditions.ts'
import type { Sql } from './sql.ts'

/** `limit` rows after the first `offset`. */
export type Page = PageQuery

/** SQL text written in this folder, never a caller's. */
export interface Listing {
  columns: string
  /** A table or view with its alias: `prefect.events e`. */
  from: string
  /** Where to count instead, when that is cheaper: the same number of rows, under the same alias. */
  countFrom?: string
  clause: Conditions
  /** Must end in something unique, or a row may be on two pages. */
  order: string
}

/** The page's rows, none beyond the end, and how many match in all. Two round trips, one when the page is empty. */
export async function readPage<Row extends object>(
  sql: Sql,
  { columns, from, countFrom = from, clause, order }: Listing,
  page: Page,
): Promise<{ rows: Row[]; total: number }> {
  const where = clause.where()
  const [count] = await sql.query<{ total: number }>(
    `select count(*)::float8 as total from ${countFrom} ${where}`,
    [...clause.values],
  )
  const total = count?.total ?? 0
  if (page.offset >= total) return { rows: [], total }
  const tail = `order by ${order} limit ${clause.bind(page.limit)} offset ${clause.bind(page.offset)}`
  const rows = await sql.query<Row>(`select ${columns} from ${from} ${where} ${tail}`, clause.values)
  return { rows, total }
}
