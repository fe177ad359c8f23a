/** Reading what is open out of all sources: one walk along an index of each, merged, newest first. */
import { BadCursor, type Position, readCursor, writeCursor } from '../postgres/cursor.ts'
import type { Page } from '../postgres/page.ts'
import { parameters } from '../postgres/parameters.ts'
import { PLANNED_WITH_VALUES } from '../postgres/prepared-queries.ts'
import type { Sql } from '../postgres/sql.ts'
import type { AnyInboxSource, Bind, OpenEntry, OpenRows } from './inbox-source.ts'

/** Counts go no further. */
export const COUNTED_UP_TO = 10_000

/** What is not given does not matter. */
export interface InboxFilter {
  kinds?: readonly string[] | undefined
  subject?: string | undefined
  who?: readonly string[] | undefined
  overdue?: boolean | undefined
}

type Placed = OpenEntry & { at: string }

/** One page, newest first, ties in the order of the ids. Throws BadCursor. */
export async function readOpen(
  sql: Sql,
  sources: readonly AnyInboxSource[],
  filter: InboxFilter,
  page: Page,
): Promise<{ entries: OpenEntry[]; next_cursor: string | null }> {
  if (page.cursor !== undefined && page.offset > 0)
    throw new BadCursor('goes without offset: send one of them')
  const after = page.cursor === undefined ? undefined : readCursor(filter, page.cursor)
  const asked = sources.filter(({ kind }) => filter.kinds?.includes(kind) ?? true)
  if (asked.length === 0) return { entries: [], next_cursor: null }
  const { values, bind } = parameters()
  const most = page.offset + page.limit + 1
  const walks = asked.map((source) => walk(source, filter, after, most, bind))
  const found = await sql.query<Placed>(
    `${PLANNED_WITH_VALUES}
     select e.*, to_char(e.since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
     from (${walks.join('\nunion all\n')}) e
     order by e.since desc, e.id limit ${page.limit + 1} offset ${page.offset}`,
    values,
  )
  const rows = found.slice(0, page.limit)
  const last = found.length > page.limit ? rows.at(-1) : undefined
  return {
    entries: rows.map(({ at: _at, ...row }) => row),
    next_cursor: last ? writeCursor(filter, { at: last.at, id: last.id }) : null,
  }
}

function walk(
  source: AnyInboxSource,
  filter: InboxFilter,
  after: Position | undefined,
  most: number,
  bind: Bind,
): string {
  const rows = source.open(bind)
  const where = [...rows.where, ...conditions(rows, filter, bind)]
  const id = idOf(source, rows)
  if (after) {
    const at = `${bind(after.at)}::timestamptz`
    where.push(`${rows.since} <= ${at}`, `(${rows.since} < ${at} or ${id} > ${bind(after.id)})`)
  }
  return `(${select(source, rows, where)} order by ${rows.since} desc, 1 limit ${most})`
}

/** How many are open of each kind, at most COUNTED_UP_TO + 1; the filter's own kinds are no condition here. */
export async function countOpen(
  sql: Sql,
  sources: readonly AnyInboxSource[],
  filter: InboxFilter = {},
): Promise<Map<string, number>> {
  const { values, bind } = parameters()
  const counts = sources.map((source) => {
    const rows = source.open(bind)
    const where = [...rows.where, ...conditions(rows, filter, bind)]
    return `select '${source.kind}' as kind, (select count(*)::int from
      (select ${rows.who} from ${rows.from} where ${where.join(' and ')} limit ${COUNTED_UP_TO + 1}) c) as open`
  })
  const found = await sql.query<{ kind: string; open: number }>(
    `${PLANNED_WITH_VALUES} ${counts.join('\nunion all\n')}`,
    values,
  )
  return new Map(found.map(({ kind, open }) => [kind, open]))
}

/** Undefined: there is none, or it is not open any more. */
export async function findOpen(
  sql: Sql,
  source: AnyInboxSource,
  ref: string,
): Promise<OpenEntry | undefined> {
  const { values, bind } = parameters()
  const rows = source.open(bind)
  const where = [...rows.where, ...source.at(ref, bind), `${rows.ref} = ${bind(ref)}`]
  return (await sql.query<OpenEntry>(select(source, rows, where), values))[0]
}

function conditions(rows: OpenRows, { subject, who, overdue }: InboxFilter, bind: Bind): string[] {
  const due = rows.due ?? 'null::timestamptz'
  return [
    ...(subject === undefined ? [] : [`${rows.subjects} @> array[${bind(subject)}]`]),
    ...(who === undefined ? [] : [`${rows.who} = any(${bind(who)})`]),
    ...(overdue === undefined
      ? []
      : [`coalesce(${due} < clock_timestamp(), false) = ${bind(overdue)}::boolean`]),
  ]
}

const idOf = ({ kind }: AnyInboxSource, { ref }: OpenRows) => `'${kind}.' || ${ref}`

function select(source: AnyInboxSource, rows: OpenRows, where: readonly string[]): string {
  return `select ${idOf(source, rows)} as id, '${source.kind}' as kind, ${rows.ref} as ref, ${rows.since} as since,
      greatest(floor(extract(epoch from clock_timestamp() - ${rows.since})), 0)::float8 as age_seconds,
      ${rows.due ?? 'null::timestamptz'} as due_at, ${rows.who} as who, ${rows.subjects} as subjects,
      ${rows.flowRunId ?? 'null::text'} as flow_run_id, ${rows.eventId ?? 'null::text'} as event_id, ${rows.facts} as facts
    from ${rows.from} where ${where.join(' and ')}`
}

/** SQL: an instant as digits, to the microsecond. */
export const microseconds = (instant: string) => `((extract(epoch from ${instant}) * 1000000)::bigint)::text`
