/** Lists whose rows are in one table of ours, with all that they are filtered and ordered by. */
import {
  aboutSubject,
  beginsWith,
  countedIds,
  type IdSet,
  IN_SEQUENCE,
  type Indexed,
  idSet,
  idsOf,
  searchSet,
} from './id-sets.ts'
import { type Branch, type ListLimits, type Page, type PageOf, type Purpose, readPage } from './page.ts'
import type { Parameters } from './parameters.ts'
import type { Sql } from './sql.ts'

type Bind = Parameters['bind']

export interface ListedTable {
  /** With the alias `t`: `prefect.events t`. Its rows have `id`, `subjects` and what `at` names. */
  name: string
  columns: string
  /** The column of time that the list is ordered by, newest first. */
  at: string
  kind: Indexed
}

export interface TableFilter {
  subject?: string | undefined
  /** The beginning of an id or of a subject. */
  search?: string | undefined
  /** A column and the values that it may have; the first given is walked along an index of its own. */
  columns: readonly { column: string; values: readonly string[] | undefined }[]
  where?: ((bind: Bind) => string[]) | undefined
  /** A condition that few rows meet, with an index of their subjects. */
  rare?: string | undefined
}

/** One page of the rows that the filter lets through. Throws BadCursor. */
export async function listTable<Row extends object>(
  sql: Sql,
  table: ListedTable,
  filter: TableFilter,
  /** The caller's own filter, for its cursors. */
  filters: unknown,
  page: Page,
  limits: ListLimits = {},
): Promise<PageOf<Row>> {
  const { subject, search } = filter
  const sets = {
    search: search === undefined ? undefined : await searchSet(sql, table.kind, table, search, limits.narrow),
    subject:
      subject === undefined
        ? undefined
        : await idSet(sql, aboutSubject(table.kind, subject), limits.narrow ?? IN_SEQUENCE),
  }
  const listing = {
    columns: table.columns,
    from: `${table.name} t`,
    id: 't.id',
    branches: (bind: Bind, purpose: Purpose) => [
      bySearchAlone(filter, sets, bind, purpose) ?? branchOf(table, filter, sets, bind),
    ],
    filters,
  }
  return readPage<Row>(sql, listing, page, limits)
}

interface Sets {
  search: IdSet | undefined
  subject: IdSet | undefined
}

/** A set has all that orders its rows: they are read only for the page itself. */
function bySearchAlone(
  { subject, rare, where, columns }: TableFilter,
  { search }: Sets,
  bind: Bind,
  purpose: Purpose,
): Branch | undefined {
  const others = [subject, rare, where, ...columns.map(({ values }) => values)]
  if (search === undefined || others.some((other) => other !== undefined)) return undefined
  const place = { at: 'r.at', id: 'r.id', where: [] }
  if (purpose !== 'page') return { ...place, from: countedIds(search, bind, purpose) }
  return search.sortable ? { ...place, from: idsOf(search, bind) } : undefined
}

function branchOf(table: ListedTable, filter: TableFilter, sets: Sets, bind: Bind): Branch {
  const { subject, search, rare } = filter
  const where = [...(filter.where?.(bind) ?? []), ...(rare === undefined ? [] : [rare])]
  const few = [sets.search, sets.subject].find((set) => set?.narrow)
  const place = { at: table.at, id: 't.id' }
  if (few !== sets.search && search !== undefined)
    where.push(beginsWith(search, { id: 't.id', subjects: 't.subjects' }, bind))
  const [first, ...others] = filter.columns.flatMap(({ column, values }) =>
    values ? [{ column, values }] : [],
  )
  for (const { column, values } of others) where.push(`${column} = any(${bind(values)})`)
  if (few === undefined && subject === undefined) {
    return { ...place, from: `${table.name} t`, where, each: first }
  }
  if (first) where.push(`${first.column} = any(${bind(first.values)})`)
  if (few !== undefined) {
    if (few !== sets.subject && subject !== undefined) where.push(isAbout(subject, bind))
    const ids = `(select distinct id from (${few.select(bind)}) s) n`
    return {
      ...place,
      from: `(select t.* from ${ids} join ${table.name} t on t.id = n.id offset 0) t`,
      where,
    }
  }
  return aboutIt(table, { subject: subject ?? '', rare, where }, bind)
}

/** Along the subject's own order, unless its rows that meet the rare condition can be read at once. */
function aboutIt(
  { name, kind, at }: ListedTable,
  { subject, rare, where }: { subject: string; rare: string | undefined; where: readonly string[] },
  bind: Bind,
): Branch {
  if (rare !== undefined) {
    const from = `(select t.* from ${name} t where ${rare} and ${isAbout(subject, bind)} offset 0) t`
    return { at, id: 't.id', from, where }
  }
  const about = [`i.subject = ${bind(subject)}`, `i.kind = '${kind}'`]
  // Every row of the index has its own: it is read only when something is asked of it.
  const rows = where.length === 0 ? '' : ` join ${name} t on t.id = i.id`
  return { at: 'i.at', id: 'i.id', from: `prefect.subject_index i${rows}`, where: [...about, ...where] }
}

const isAbout = (subject: string, bind: Bind) => `t.subjects @> array[${bind(subject)}]`
