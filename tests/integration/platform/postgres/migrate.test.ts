import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ensureEngineSchema } from '../../../../src/platform/engine/durable/schema.ts'
import { migrate } from '../../../../src/platform/postgres/migrate.ts'
import { migrationsFolder } from '../../../../src/platform/postgres/migration-files.ts'
import { MigrationError, pendingMigrations } from '../../../../src/platform/postgres/migration-plan.ts'
import { type Database, openPool } from '../../../../src/platform/postgres/pool.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { eventually } from '../../../support/eventually.ts'

let place: TestDatabase
let database: Database
let folder: string

const ALL = [
  '0001_hotel.sql',
  '0002_hotel_indexes.sql',
  '0003_service.sql',
  '0004_hotel_day.sql',
  '0005_hotel_day_indexes.sql',
  '0006_services.sql',
  '0007_ids_as_text.sql',
  '0008_begun_and_deaths.sql',
  '0009_event_bodies.sql',
  '0010_unsuccessful_runs.sql',
  '0011_list_indexes.sql',
  '0012_hotel_columns.sql',
  '0013_schedules.sql',
  '0014_inbox.sql',
  '0015_retry.sql',
  '0016_schedule_applied.sql',
]
const before = ensureEngineSchema

beforeEach(async () => {
  place = await createTestDatabase({ empty: true })
  database = place.database
  folder = mkdtempSync(join(tmpdir(), 'migrations-'))
})
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true })
  await place.drop()
})

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text)
}

async function scalar(text: string, values: unknown[] = []): Promise<unknown> {
  const [row] = await database.query<Record<string, unknown>>(text, values)
  return Object.values(row ?? {})[0]
}

test('an empty database is brought forward once; after that there is nothing to do', async () => {
  expect(await pendingMigrations(database)).toEqual(ALL)
  expect((await migrate(database, { before })).slice(0, ALL.length)).toEqual(ALL)
  expect(await pendingMigrations(database)).toEqual([])
  expect(await migrate(database, { before })).toEqual([])
  expect(await scalar('select count(*)::int from prefect.flow_run_states')).toBe(0)
})

test('a hotel that has its tables keeps every row as it was, and gets the columns it lacks', async () => {
  await database.query(`
    create table employees (id text primary key, name text not null, department text, badge int);
    insert into employees values ('EMP001', 'Nguyễn Văn A', 'Front Desk', 7);
    create table employee_schedules (employee_id text not null, day_of_week int not null, start_time time not null);
    insert into employee_schedules values ('EMP001', 0, '08:00');
    create table supervisors (department text not null, slack_user_id text not null);
    insert into supervisors values ('Front Desk', 'U123');
    create table attendance_logs (id serial primary key, employee_id text not null, timestamp timestamptz not null,
      action text not null, camera_id text, confidence double precision);
    insert into attendance_logs (employee_id, timestamp, action, camera_id, confidence)
      select 'EMP001', timestamptz '2025-01-17T08:05:00+07' + n * interval '1 minute', 'check_in', 'CAM_1', 0.95
      from generate_series(1, 500) n;
    create table rooms (room_number text primary key, status text not null, last_cleaned_at timestamptz);
    insert into rooms values ('201', 'dirty', null)`)
  const tables = ['employees', 'employee_schedules', 'supervisors', 'attendance_logs', 'rooms']
  const columns = new Map<string, string>()
  for (const table of tables) {
    const names = await database.query<{ name: string }>(
      'select attname as name from pg_attribute where attrelid = to_regclass($1) and attnum > 0 order by attnum',
      [table],
    )
    columns.set(table, names.map((row) => row.name).join(', '))
  }
  const contents = async () => {
    const rows: unknown[] = []
    for (const [table, list] of columns)
      rows.push(await database.query(`select ${list} from ${table} order by 1`))
    return rows
  }
  const rowsBefore = await contents()

  await migrate(database, { before })

  expect(await contents()).toEqual(rowsBefore)
  expect(rowsBefore[3]).toHaveLength(500)
  const [punch] = await database.query(
    'select run_id, shift_start, shift_date, is_late, late_minutes, flags from attendance_logs limit 1',
  )
  expect(punch).toEqual({
    run_id: null,
    shift_start: null,
    shift_date: null,
    is_late: null,
    late_minutes: null,
    flags: [],
  })
  expect(await database.query('select end_time from employee_schedules')).toEqual([{ end_time: null }])
  // The hotel's own writers, who know nothing of the new columns, go on.
  await database.query(
    `insert into attendance_logs (employee_id, timestamp, action) values ('EMP001', now(), 'check_out')`,
  )
  expect(
    await scalar(`select count(*)::int from pg_index where indrelid = 'attendance_logs'::regclass`),
  ).toBe(3)
})

test("a role named like our schema does not get the hotel's tables into that schema", async () => {
  await database.query('create schema prefect')
  const name = new URL(place.url).pathname.slice(1)
  await database.query(`alter database ${name} set search_path = prefect, public`)
  const roleLike = openPool({ url: place.url, max: 2, applicationName: 'role' })
  await migrate(roleLike, { before })
  await roleLike.close()
  expect(await scalar("select to_regclass('public.employees') is not null")).toBe(true)
  expect(await scalar("select to_regclass('prefect.employees')")).toBeNull()
})

test('several processes that start at once: each migration is applied once', async () => {
  const others = [1, 2, 3].map(() => openPool({ url: place.url, max: 3, applicationName: 'other' }))
  const applied = await Promise.all([database, ...others].map((each) => migrate(each, { before })))
  for (const other of others) await other.close()
  expect(applied.map((names) => names.length).sort()).toEqual([0, 0, 0, applied.flat().length])
  expect(applied.flat().slice(0, ALL.length)).toEqual(ALL)
})

test('a migration that fails is rolled back, names its file, and leaves the lock free', async () => {
  write('0001_ok.sql', 'create table one (id int);')
  write('0002_bad.sql', 'create table two (id int); select 1 / 0;')
  await expect(migrate(database, { directory: folder })).rejects.toThrow('0002_bad.sql: division by zero')
  expect(await scalar("select to_regclass('two')")).toBeNull()
  write('0002_bad.sql', 'create table two (id int);')
  expect(await migrate(database, { directory: folder })).toEqual(['0002_bad.sql'])
})

test('an applied migration that was changed is named', async () => {
  cpSync(migrationsFolder(), folder, { recursive: true })
  await migrate(database, { directory: folder, before })
  write('0001_hotel.sql', 'select 1;')
  const again = migrate(database, { directory: folder, before })
  await expect(again).rejects.toThrow('0001_hotel.sql')
  await expect(again).rejects.toMatchObject({ code: 'migration_changed' })
})

test('one that was applied in a former version, which the file names, is left as it is', async () => {
  write('0001_a.sql', 'create table a (id int);')
  await migrate(database, { directory: folder })
  const former = await scalar('select checksum from public.prefect_migrations')
  write('0001_a.sql', `-- formerly: ${former}\ncreate table a (id int, more text);`)
  expect(await migrate(database, { directory: folder })).toEqual([])
  expect(await scalar('select checksum from public.prefect_migrations')).toBe(former)
})

test('a database that is refused is not touched', async () => {
  write('0001_a.sql', 'create table a (id int);')
  const asked: unknown[] = []
  const check = async (_: unknown, pending: readonly string[]) => {
    asked.push(pending)
    return ['rooms is a view.', 'bookings is a view.']
  }
  const refused = migrate(database, { directory: folder, check, before })
  await expect(refused).rejects.toMatchObject({
    code: 'database_unfit',
    message: 'rooms is a view.\nbookings is a view.',
  })
  expect(asked).toEqual([['0001_a.sql']])
  expect(await scalar(`select count(*)::int from pg_namespace where nspname = 'dbos'`)).toBe(0)
  expect(await scalar("select to_regclass('public.prefect_migrations')")).toBeNull()
})

test('a database that is ahead of this build is refused', async () => {
  write('0001_a.sql', 'select 1;')
  await migrate(database, { directory: folder })
  await database.query(`insert into public.prefect_migrations values ('0002_future.sql', 'x')`)
  const old = migrate(database, { directory: folder })
  await expect(old).rejects.toBeInstanceOf(MigrationError)
  await expect(old).rejects.toThrow(/older than the database.*0002_future.sql/)
})

test('an index whose concurrent build was interrupted is built again', async () => {
  await database.query('create table t (id int); insert into t values (1), (1)')
  write(
    '0001_index.sql',
    '-- migrate: no-transaction\ncreate unique index concurrently if not exists t_id on t (id);',
  )
  const failed = migrate(database, { directory: folder })
  await expect(failed).rejects.toMatchObject({ code: '23505' })
  const valid = () => scalar("select indisvalid from pg_index where indexrelid = to_regclass('t_id')")
  expect(await valid()).toBe(false)

  await database.query('delete from t')
  expect(await migrate(database, { directory: folder })).toEqual(['0001_index.sql'])
  expect(await valid()).toBe(true)
})

test('two processes and a concurrent build at once do not deadlock', async () => {
  await database.query('create table t (id int)')
  write(
    '0001_index.sql',
    '-- migrate: no-transaction\ncreate index concurrently if not exists t_id on t (id);',
  )
  const other = openPool({ url: place.url, max: 3, applicationName: 'other' })
  // A reader's open transaction holds the build up until both migrators are at work.
  const reader = await database.pool.connect()
  await reader.query('begin; lock table t in row exclusive mode')
  const both = Promise.all([database, other].map((each) => migrate(each, { directory: folder })))
  try {
    const building = `select true from pg_stat_activity where datname = current_database()
      and query ilike '%create index concurrently%' and wait_event_type = 'Lock'`
    await eventually('one to build while the other polls', async () => (await scalar(building)) === true)
  } finally {
    await reader.query('commit')
    reader.release()
  }
  expect((await both).flat()).toEqual(['0001_index.sql'])
  await other.close()
})

test('a table that is in use is not queued for longer than 5 seconds: others pass, and we come again', async () => {
  await database.query('create table t (id int)')
  write('0001_column.sql', 'alter table t add column more text;')
  const holder = await database.pool.connect()
  // Another service's long transaction; our own pool would end it.
  await holder.query('set idle_in_transaction_session_timeout = 0')
  await holder.query('begin; select * from t')
  const warnings: unknown[] = []
  const logger = { warn: (fields: unknown) => warnings.push(fields), info: () => {} }
  const migrating = migrate(database, { directory: folder, logger: logger as never })
  await eventually('the first attempt to give way', () => warnings.length > 0)
  expect(warnings[0]).toEqual({ migration: '0001_column.sql', attempt: 1 })
  // Now somebody else can read and write although the holder still has the table.
  await holder.query('commit')
  holder.release()
  expect(await migrating).toEqual(['0001_column.sql'])
})
