/** Looks at the hotel's own tables before anything is changed in them. */
import type { Sql } from '../platform/postgres/sql.ts'
import { HOTEL_TABLES, type HotelTable, USES, type Use } from './hotel-columns.ts'

interface ColumnFacts {
  name: string
  /** As people write it, and as `USES` has it. */
  type: string
  kind: string
  /** Must be given with every new row. */
  demanded: boolean
  /** Computed: nobody can give it. */
  computed: boolean
}

interface TableFacts {
  name: string
  relkind: string
  owner: string
  role: string
  mayAlter: boolean
  mayNot: string[]
  columns: ColumnFacts[]
  unique: string[]
}

/**
 * Why the service cannot live on the hotel's tables: a sentence each, that names table and column and what to do. Empty:
 * it can, once the migrations ran that are `pending`.
 */
export async function refusalsOfHotelTables(sql: Sql, pending: readonly string[]): Promise<string[]> {
  const found = await readTables(sql)
  return found.flatMap((facts) => refusalsOf(facts, HOTEL_TABLES[facts.name] as HotelTable, pending))
}

function refusalsOf(facts: TableFacts, table: HotelTable, pending: readonly string[]): string[] {
  const { name, columns } = facts
  if (facts.relkind !== 'r') {
    return [
      `${name} is ${KINDS[facts.relkind] ?? 'no table'}: the service needs an ordinary table of that name.`,
    ]
  }
  const refusals: string[] = []
  const there = new Map(columns.map((column) => [column.name, column]))
  const lacking: string[] = []
  for (const [use, names] of Object.entries(table.columns) as [Use, string[]][]) {
    for (const one of names) {
      const column = there.get(one)
      if (column) refusals.push(...refusalsOfColumn(facts, column, { use, written: table.writes.length > 0 }))
      else if (table.keys.includes(one)) refusals.push(`${name}.${one} is missing: ${NO_KEY}`)
      else lacking.push(one)
    }
  }
  refusals.push(...refusalsToAdd(facts, lacking, pending))
  if (table.unique && there.has(table.unique) && !facts.unique.includes(table.unique)) {
    refusals.push(`${name}.${table.unique} is not unique: give it a primary key or a unique index.`)
  }
  if (facts.mayNot.length > 0) {
    refusals.push(
      `${name} belongs to the role "${facts.owner}": grant ${facts.mayNot.join(', ')} on it to "${facts.role}".`,
    )
  }
  // Where a key has another name, that column is what would be demanded.
  return table.keys.every((key) => there.has(key)) ? [...refusals, ...demandsOf(facts, table)] : refusals
}

function refusalsToAdd(
  { name, owner, role, mayAlter }: TableFacts,
  lacking: string[],
  pending: readonly string[],
) {
  if (!mayAlter && (lacking.length > 0 || pending.includes(FIRST_CHANGES))) {
    const what = lacking.length > 0 ? list(lacking) : 'an index'
    return [
      `${name} lacks ${what} and belongs to the role "${owner}", so "${role}" may not add it: ` +
        `run "prefect-service migrate" as "${owner}" first.`,
    ]
  }
  if (lacking.length === 0 || pending.includes(ADDS_COLUMNS)) return []
  return [`${name}.${lacking[0]} was dropped after the migrations ran: put it back (${list(lacking)}).`]
}

/** They change tables that lack nothing too, and add what is lacking. */
const FIRST_CHANGES = '0001_hotel.sql'
const ADDS_COLUMNS = '0012_hotel_columns.sql'

const KINDS: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  p: 'a partitioned table',
}
const NO_KEY =
  'rows are found by it, so it cannot be added. Add it yourself, or rename the column that has it.'

function refusalsOfColumn(
  table: TableFacts,
  { name, type, kind, computed }: ColumnFacts,
  { use, written }: { use: Use; written: boolean },
): string[] {
  const takes: readonly string[] = USES[use]
  if (!takes.includes(kind)) {
    return [`${table.name}.${name} is of type ${type}, which will not do: it must be ${list(takes, 'or')}.`]
  }
  // Of a table that is only read it is as good as any.
  if (!computed || !written) return []
  return [`${table.name}.${name} is a generated column: the service must be able to write it.`]
}

/** Columns that every new row must give, and a new row of ours does not. */
function demandsOf({ name, columns }: TableFacts, { columns: uses, writes, leftOut }: HotelTable): string[] {
  if (!writes.includes('insert')) return []
  const given = Object.values(uses)
    .flat()
    .filter((column) => !leftOut?.includes(column))
  return columns
    .filter(({ name: column, demanded }) => demanded && !given.includes(column))
    .map(
      ({ name: column }) =>
        `${name}.${column} must be given with every new row, and the service does not: give it a default.`,
    )
}

function list(names: readonly string[], last: 'and' | 'or' = 'and'): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} ${last} ${names.at(-1)}`
}

/** The hotel's tables that are there, as the role of this session finds them. */
function readTables(sql: Sql): Promise<TableFacts[]> {
  return sql.query<TableFacts>(
    `select asked.name, c.relkind, pg_get_userbyid(c.relowner) as owner, current_user as role,
            pg_has_role(c.relowner, 'USAGE') as "mayAlter",
            array(select act from unnest('{select}'::text[] || asked.writes) act
                  where not has_any_column_privilege(c.oid, act)) as "mayNot",
            (select coalesce(json_agg(json_build_object(
               'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
               'kind', case when base.typtype = 'e' then 'enum' else base.typname end,
               'demanded', a.attnotnull and not a.atthasdef and a.attidentity = '' and t.typdefault is null,
               'computed', a.attgenerated <> '') order by a.attnum), '[]')
             from pg_attribute a join pg_type t on t.oid = a.atttypid
             join pg_type base on base.oid = case t.typtype when 'd' then t.typbasetype else t.oid end
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
            array(select a.attname::text from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
                  where i.indrelid = c.oid and i.indisunique and i.indnkeyatts = 1 and i.indpred is null) as "unique"
     from jsonb_to_recordset($1::jsonb) as asked(name text, writes text[])
     join pg_class c on c.oid = to_regclass(asked.name)
     order by asked.name`,
    [JSON.stringify(Object.entries(HOTEL_TABLES).map(([name, { writes }]) => ({ name, writes })))],
  )
}
