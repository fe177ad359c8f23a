/** What the service does with tables that the hotel had before it, and when it refuses to touch them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migrateEverything } from '../../../src/app/migrations.ts'
import { HOTEL_TABLES } from '../../../src/hotel/hotel-columns.ts'
import { type Database, openPool } from '../../../src/platform/postgres/pool.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'

let place: TestDatabase
let database: Database
beforeEach(async () => {
  place = await createTestDatabase({ empty: true })
  database = place.database
})
afterEach(() => place.drop())

const adopt = (on = database) => migrateEverything(on)

/** No query names it, and an identity column is not added without rewriting the table. */
const NEVER_NAMED = 'housekeeping_logs.id'

async function columnsOf(on: Database): Promise<string[]> {
  const rows = await on.query<{ name: string }>(
    `select table_name || '.' || column_name as name from information_schema.columns
     where table_schema = 'public' and table_name = any($1) order by 1`,
    [Object.keys(HOTEL_TABLES)],
  )
  return rows.map(({ name }) => name).filter((name) => name !== NEVER_NAMED)
}

/** Every relation and column outside PostgreSQL's own schemas. */
const everything = () =>
  database.query(`select c.oid::regclass::text as relation, a.attname, a.atttypid from pg_class c
    left join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace)
    order by 1, a.attnum`)

const DECLARED = Object.entries(HOTEL_TABLES)
  .flatMap(([table, { columns }]) =>
    Object.values(columns).flatMap((names) => names.map((name) => `${table}.${name}`)),
  )
  .sort()

describe('every column that any query names', () => {
  // Every query of the service runs on a fresh database in some test, so what it names is there. Whoever adds a column
  // to the fresh tables only, fails here.
  it('is declared: the fresh tables have these columns and no others', async () => {
    await adopt()
    expect((await columnsOf(database)).sort()).toEqual(DECLARED)
  })

  it('is added to tables that have nothing but their keys', async () => {
    for (const [table, { keys }] of Object.entries(HOTEL_TABLES)) {
      const columns = keys.length > 0 ? keys : ['remark']
      await database.query(
        `create table ${table} (${columns.map((name) => `${name} ${typeOf(table, name)}`).join(', ')})`,
      )
    }
    await database.query('drop table guests; create table guests (id text primary key)')
    await adopt()
    expect((await columnsOf(database)).filter((name) => !name.endsWith('.remark')).sort()).toEqual(DECLARED)
  })

  it('is added where 0001 to 0004 ran before, and 0005 could not', async () => {
    await database.query('create table bookings (id text primary key, guest_name text)')
    await adopt()
    await database.query(`delete from public.prefect_migrations where name >= '0005';
      drop schema prefect cascade;
      alter table bookings drop column check_in_date, drop column guest_phone, drop column room_number`)
    await database.query(`delete from public.prefect_migrations where name = '0003_service.sql'`)
    await adopt()
    expect((await columnsOf(database)).filter((name) => name.startsWith('bookings.'))).toEqual(
      DECLARED.filter((name) => name.startsWith('bookings.')),
    )
  })
})

function typeOf(table: string, column: string): string {
  if (column === 'timestamp') return 'timestamptz'
  return table === 'attendance_logs' && column === 'id' ? 'serial' : 'text'
}

describe('tables that the service cannot live on are refused, in one line each, before anything is changed', () => {
  const BOOKINGS = 'id text primary key, guest_name text'
  const UNFIT: [string, string, RegExp][] = [
    [
      'a view',
      `create table b (${BOOKINGS}); create view bookings as select * from b`,
      /^bookings is a view/,
    ],
    [
      'a partitioned table',
      'create table attendance_logs (id int, employee_id text, timestamp timestamptz) partition by range (timestamp)',
      /^attendance_logs is a partitioned table/,
    ],
    [
      'a key of another name',
      'create table bookings (booking_id text primary key)',
      /^bookings\.id is missing: rows are/,
    ],
    [
      'a date kept as text',
      'create table bookings (id int primary key, check_in_date text)',
      /^bookings\.check_in_date is of type text,.* must be date, timestamp or timestamptz\.$/,
    ],
    [
      'a flag kept as a number',
      'create table bookings (id int primary key, guest_notified int)',
      /^bookings\.guest_notified is of type integer/,
    ],
    [
      'a generated column',
      `create table rooms (room_number text primary key, status text generated always as ('x') stored)`,
      /^rooms\.status is a generated column/,
    ],
    [
      'a column that we do not know and must give',
      'create table bookings (id int primary key, branch int not null)',
      /^bookings\.branch must be given/,
    ],
    [
      'a punch without an id',
      'create table attendance_logs (id uuid primary key, employee_id text, timestamp timestamptz)',
      /^attendance_logs\.id must be given/,
    ],
    ['guests that may be there twice', 'create table guests (id text)', /^guests\.id is not unique/],
  ]

  it.each(UNFIT)('%s', async (_, tables, line) => {
    await database.query(tables)
    const before = await everything()
    const refused = await adopt().catch((error: unknown) => error)
    expect(refused).toMatchObject({ name: 'MigrationError', code: 'database_unfit' })
    const { message } = refused as Error
    expect(message).toMatch(line)
    expect(message).not.toContain('\n')
    expect(await everything()).toEqual(before)
  })

  it('types of its own kind will do: domains, enums, narrow texts, money', async () => {
    await database.query(`create domain code as varchar(20); create type state as enum ('confirmed', 'cancelled');
      create table bookings (id code primary key, status state, total_amount money, check_in_date timestamp)`)
    await expect(adopt()).resolves.not.toEqual([])
  })

  it('a generated column will do in a table that is only read', async () => {
    await database.query(`create table employees (id int primary key, first text, last text,
      name text generated always as (first || ' ' || last) stored)`)
    await expect(adopt()).resolves.not.toEqual([])
  })

  it('several are told at once', async () => {
    await database.query(
      'create table bookings (id int primary key, vip text); create table guests (id text)',
    )
    const { message } = (await adopt().catch((error: unknown) => error)) as Error
    expect(message.split('\n')).toHaveLength(2)
  })
})

describe('a role that may not', () => {
  const role = `clerk_${process.pid}`
  const as = (name: string) => {
    const url = new URL(place.url)
    ;[url.username, url.password] = [name, 'secret']
    return openPool({ url: url.href, max: 3, applicationName: 'prefect-tests' })
  }
  let clerk: Database
  beforeEach(async () => {
    await database.query(`create role ${role} login password 'secret'`)
    clerk = as(role)
  })
  afterEach(async () => {
    await clerk.close()
    await database.query(`drop owned by ${role}; drop role ${role}`)
  })
  const refusal = async () =>
    ((await adopt(clerk).catch((error: unknown) => error)) as Error).message.split('\n')

  it('create schemas or tables is told so', async () => {
    expect(await refusal()).toEqual([
      expect.stringMatching(
        new RegExp(
          `^The role "${role}" may not create schemas in the database "test_.*grant create on the database`,
        ),
      ),
      expect.stringMatching(/may not create tables in the schema "public": grant create on the schema/),
    ])
  })

  it("change the hotel's table, or write it", async () => {
    const name = new URL(place.url).pathname.slice(1)
    await database.query(`grant create on database ${name} to ${role}; grant create on schema public to ${role};
      create table bookings (id int primary key); grant select on bookings to ${role}`)
    expect(await refusal()).toEqual([
      expect.stringMatching(
        /^bookings lacks guest_id, .* and belongs to the role ".*run "prefect-service migrate" as /,
      ),
      expect.stringMatching(new RegExp(`^bookings belongs to .*grant insert, update on it to "${role}"`)),
    ])
  })

  it('starts when another has migrated', async () => {
    await adopt()
    await database.query(`grant usage on schema public, prefect, dbos to ${role};
      grant select, insert, update, delete on all tables in schema public, prefect, dbos to ${role}`)
    expect(await adopt(clerk)).toEqual([])
  })

  it('is told what was dropped since', async () => {
    await adopt()
    await database.query('alter table bookings drop column guest_phone')
    const { message } = (await adopt().catch((error: unknown) => error)) as Error
    expect(message).toMatch(/^bookings\.guest_phone was dropped after the migrations ran/)
  })
})
