/**
 * Lists are read by page, newest first, with the number of all rows that match beside it, and cost what a page costs
 * however many rows there are: see the decision note 0014.
 *
 *   branch: one walk along an index ─┐
 *   branch: ...                     ─┴─ merged by (at desc, id) ── the page's ids ── their rows
 */
import type { PageAnswer } from '../contract/page.ts'
import { BadCursor, type Position, readCursor, writeCursor } from './cursor.ts'
import { type Parameters, parameters } from './parameters.ts'
import { PLANNED_WITH_VALUES } from './prepared-queries.ts'
import type { Sql } from './sql.ts'

/** `limit` rows after the first `offset`, or after the page that gave `cursor`. */
export interface Page {
  limit: number
  offset: number
  cursor?: string | undefined
}

export interface ListLimits {
  /** Totals are exact up to here, and never lower than that beyond it. */
  exactUpTo?: number | undefined
  /** What counting may cost, in the planner's units: what costs more is not counted, the total is its estimate. */
  dearerThan?: number | undefined
  /** A filter's rows are few up to here: read whole, see id-sets.ts. */
  narrow?: number | undefined
}

const EXACT_UP_TO = 10_000
/** Some tens of milliseconds: two common filters at once, each row of one looked up in the other. */
const DEAR = 10_000

/** Some of a list's rows: no row is in two branches. SQL text written in this project, never a caller's. */
export interface Branch {
  /** `prefect.events e`, or a join. */
  from: string
  where: readonly string[]
  /** The column of time that the list is ordered by, newest first, and the id that settles ties. */
  at: string
  id: string
  /** An index that begins with the column gives each value's rows in order: one walk for each, merged. */
  each?: { column: string; values: readonly string[] } | undefined
}

/**
 * What the branches are for: the rows of a page, in order; their number, counted so far and no further; or the planner's
 * guess at it, for which a condition may be one that it can judge.
 */
export type Purpose = 'page' | 'count' | 'guess'

export interface Listing {
  columns: string
  /** Where a page's rows are read by their ids, and the column of the id: `prefect.events e`, `e.id`. */
  from: string
  id: string
  branches(bind: Parameters['bind'], purpose: Purpose): readonly Branch[]
  /** What decides which rows there are: a cursor of other filters is refused. */
  filters: unknown
}

export interface PageOf<Row> extends Pick<PageAnswer, 'total' | 'total_is_estimate' | 'next_cursor'> {
  rows: Row[]
}

/**
 * The page's rows, none beyond the end, and how many match in all: beyond `exactUpTo`, or where counting would cost more
 * than `dearerThan`, the planner's estimate. Throws BadCursor.
 */
export async function readPage<Row extends object>(
  sql: Sql,
  listing: Listing,
  page: Page,
  { exactUpTo = EXACT_UP_TO, dearerThan = DEAR }: ListLimits = {},
): Promise<PageOf<Row>> {
  if (page.cursor !== undefined && page.offset > 0)
    throw new BadCursor('goes without offset: send one of them')
  const after = page.cursor === undefined ? undefined : readCursor(listing.filters, page.cursor)
  const [count, found] = await Promise.all([
    countRows(sql, listing, exactUpTo, dearerThan),
    readRows<Row>(sql, listing, page, after),
  ])
  const rows = found.slice(0, page.limit)
  const last = found.length > page.limit ? rows.at(-1) : undefined
  return {
    ...count,
    total: Math.max(count.total, count.total_is_estimate ? page.offset + found.length : 0),
    rows: rows.map(({ page_at: _at, page_id: _id, ...row }) => row as unknown as Row),
    next_cursor: last ? writeCursor(listing.filters, { at: last.page_at, id: last.page_id }) : null,
  }
}

type Placed<Row> = Row & { page_at: string; page_id: string }

/** One row more than the page holds: whether there is a next one. */
function readRows<Row extends object>(
  sql: Sql,
  { columns, from, id, branches }: Listing,
  { limit, offset }: Page,
  after: Position | undefined,
): Promise<Placed<Row>[]> {
  const { values, bind } = parameters()
  const beyond = after && { at: `${bind(after.at)}::timestamptz`, id: bind(after.id) }
  const most = offset + limit + 1
  const walks = branches(bind, 'page').map((branch) => walk(branch, beyond, most, bind))
  return sql.query<Placed<Row>>(
    `${PLANNED_WITH_VALUES}
     select ${columns}, p.id as page_id,
       to_char(p.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as page_at
     from (select * from (${walks.join('\nunion all\n')}) w order by at desc, id limit ${limit + 1} offset ${offset}) p
     join ${from} on ${id} = p.id
     order by p.at desc, p.id`,
    values,
  )
}

function walk(
  { from, where, at, id, each }: Branch,
  beyond: Position | undefined,
  most: number,
  bind: Parameters['bind'],
): string {
  const past = beyond && [`${at} <= ${beyond.at}`, `(${at} < ${beyond.at} or ${id} > ${beyond.id})`]
  const rows = (conditions: readonly string[]) =>
    `select ${id} as id, ${at} as at from ${from}${clause(conditions)} order by ${at} desc, ${id} limit ${most}`
  const all = [...where, ...(past ?? [])]
  if (each === undefined) return `(${rows(all)})`
  if (each.values.length === 1) return `(${rows([`${each.column} = ${bind(each.values[0])}`, ...all])})`
  const own = rows([`${each.column} = each.value`, ...all])
  return `(select w.* from unnest(${bind(each.values)}::text[]) each(value) cross join lateral (${own}) w)`
}

async function countRows(
  sql: Sql,
  { branches }: Listing,
  exactUpTo: number,
  dearerThan: number,
): Promise<{ total: number; total_is_estimate: boolean }> {
  const { values, bind } = parameters()
  const parts = branches(bind, 'count').map(
    ({ from, where, each }) =>
      `(select 1 from ${from}${clause([...where, ...anyOf(each, bind)])} limit ${exactUpTo + 1})`,
  )
  const counting = `select count(*)::int as total from (select from (${parts.join('\nunion all\n')}) p limit ${exactUpTo + 1}) w`
  if ((await planOf(sql, counting, values))['Total Cost'] > dearerThan) {
    return { total: await guessRows(sql, branches), total_is_estimate: true }
  }
  const [row] = await sql.query<{ total: number }>(`${PLANNED_WITH_VALUES} ${counting}`, values)
  const total = row?.total ?? 0
  if (total <= exactUpTo) return { total, total_is_estimate: false }
  return { total: Math.max(total, await guessRows(sql, branches)), total_is_estimate: true }
}

/** The planner knows from its statistics, without reading a row. */
async function guessRows(sql: Sql, branches: Listing['branches']): Promise<number> {
  const { values, bind } = parameters()
  const parts = branches(bind, 'guess').map(
    ({ from, where, each }) => `select 1 from ${from}${clause([...where, ...anyOf(each, bind)])}`,
  )
  return (await planOf(sql, parts.join('\nunion all\n'), values))['Plan Rows']
}

interface Plan {
  'Plan Rows': number
  'Total Cost': number
}

async function planOf(sql: Sql, text: string, values: readonly unknown[]): Promise<Plan> {
  const [row] = await sql.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `${PLANNED_WITH_VALUES} explain (format json) ${text}`,
    values,
  )
  return row?.['QUERY PLAN'][0].Plan ?? { 'Plan Rows': 0, 'Total Cost': 0 }
}

function anyOf(each: Branch['each'], bind: Parameters['bind']): string[] {
  return each === undefined ? [] : [`${each.column} = any(${bind(each.values)})`]
}

function clause(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`
}
