/**
 * The ids that a filter names by an index of its own. A narrow set is read whole; a wide one is only asked row by row,
 * along the list's own order, where its rows are never far apart.
 */
import { type Parameters, parameters } from './parameters.ts'
import { PLANNED_WITH_VALUES } from './prepared-queries.ts'
import type { Sql } from './sql.ts'

/** The kinds that prefect.subject_index knows. */
export type Indexed = 'run' | 'event' | 'notification'

export interface IdSet {
  /** Whether there are few enough to read all their rows for one page. */
  narrow: boolean
  /** Whether there are few enough to put them in order by their times, without their rows. */
  sortable: boolean
  /** `select id, at ...`, an id maybe twice; `at` is what lists of its kind are ordered by. */
  select(bind: Parameters['bind']): string
}

/** A row is read by its id within some microseconds, ... */
const NARROW = 5_000
/** ... and an id with its time, from the index alone, in a third of that. */
const SORTABLE = 3
/** For a set whose rows follow each other closely in the list's own order: a page along it passes few others. */
export const IN_SEQUENCE = 500

/** Counts no further than it must. `narrow`: how many ids are few. */
export async function idSet(sql: Sql, select: IdSet['select'], narrow = NARROW): Promise<IdSet> {
  const { values, bind } = parameters()
  const [row] = await sql.query<{ ids: number }>(
    `${PLANNED_WITH_VALUES}
     select count(*)::int as ids from (select from (${select(bind)}) a limit ${narrow * SORTABLE + 1}) s`,
    values,
  )
  const ids = row?.ids ?? 0
  return { narrow: ids <= narrow, sortable: ids <= narrow * SORTABLE, select }
}

/** The kind's own table, with the column that its list is ordered by, and both as `t`. */
interface SearchedTable {
  name: string
  at: string
}

/** Of the newest rows of a list so many are looked at, ... */
const NEWEST = 2_000
/** ... and where so many of them match, a page along the list's order passes few others. */
const DENSE = 20
/** Else all that match are put in order, up to here: the numbers of one year's bookings stand together, years back. */
const MOST_SORTED = 100_000

/** What begins with the text: see beginningWith. */
export async function searchSet(
  sql: Sql,
  kind: Indexed,
  table: SearchedTable,
  text: string,
  narrow?: number,
): Promise<IdSet> {
  const set = await idSet(sql, beginningWith(kind, table, text), narrow)
  if (set.sortable || (await isDense(sql, table, text))) return set
  const { sortable } = await idSet(sql, set.select, narrow ?? MOST_SORTED / SORTABLE)
  return { ...set, sortable }
}

async function isDense(sql: Sql, { name, at }: SearchedTable, text: string): Promise<boolean> {
  const { values, bind } = parameters()
  const [row] = await sql.query<{ found: number }>(
    `${PLANNED_WITH_VALUES}
     select count(*)::int as found from (select t.id, t.subjects from ${name} t order by ${at} desc limit ${NEWEST}) t
     where ${beginsWith(text, { id: 't.id', subjects: 't.subjects' }, bind)}`,
    values,
  )
  return (row?.found ?? 0) >= DENSE
}

/** About exactly this: `room:201`. */
export const aboutSubject =
  (kind: Indexed, subject: string): IdSet['select'] =>
  (bind) =>
    `select i.id, i.at from prefect.subject_index i where i.subject = ${bind(subject)} and i.kind = '${kind}'`

/** Sorts after whatever an id goes on with, in every collation. */
const AFTER_EVERY_ID = 'z'.repeat(32)
const AFTER_EVERY_TEXT = '\u{10ffff}'

/** Whose id begins with the text in any case, or that is about a subject which begins with it. */
const beginningWith =
  (kind: Indexed, table: SearchedTable, text: string): IdSet['select'] =>
  (bind) => {
    const [subject, id] = [bind(text), bind(text.toLowerCase())]
    return `
      select i.id, i.at from prefect.subject_index i
      where i.subject ~>=~ ${subject} and i.subject ~<~ ${bind(text + AFTER_EVERY_TEXT)} and i.kind = '${kind}'
      union all
      select t.id, ${table.at} from ${table.name} t
      where t.id >= ${id} and t.id <= ${bind(text.toLowerCase() + AFTER_EVERY_ID)} and starts_with(t.id, ${id})`
  }

/** A set's ids, each once, as `r(id, at)`. */
export const idsOf = ({ select }: IdSet, bind: Parameters['bind']) =>
  `(select id, max(at) as at from (${select(bind)}) s group by id) r`

/** More than lists count to, even where some ids come twice. */
const ENOUGH = 20_001

/** As many ids of a set as a list counts to; or, for the planner's guess, all. */
export const countedIds = ({ select }: IdSet, bind: Parameters['bind'], purpose: 'count' | 'guess') =>
  purpose === 'guess'
    ? `(${select(bind)}) r`
    : `(select distinct id from (select id from (${select(bind)}) s limit ${ENOUGH}) a) r`

/** The same as beginningWith asked of one row. */
export function beginsWith(
  text: string,
  row: { id: string; subjects: string },
  bind: Parameters['bind'],
): string {
  return `(starts_with(${row.id}, ${bind(text.toLowerCase())})
    or exists (select from unnest(${row.subjects}) s where starts_with(s, ${bind(text)})))`
}
