import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  migrationsFolder,
  readMigrations,
  splitStatements,
} from '../../../../src/platform/postgres/migration-files.ts'

test('a semicolon ends a statement only where it is one', () => {
  const script = `
    -- a comment; not a statement
    insert into t values ('a;''b', "odd;name");
    /* so; neither */
    create function f() returns void as $body$ begin null; $x$;$x$; end $body$ language plpgsql;
    select $1;
    select 'last, without an end'`
  expect(splitStatements(script).map((statement) => statement.split('\n').at(-1)?.trim())).toEqual([
    `insert into t values ('a;''b', "odd;name")`,
    'create function f() returns void as $body$ begin null; $x$;$x$; end $body$ language plpgsql',
    'select $1',
    `select 'last, without an end'`,
  ])
  expect(splitStatements('-- nothing\n;;\n')).toEqual([])
})

test('migrations come in order; other files are left out; line ends do not change a checksum', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'))
  writeFileSync(join(folder, '0002_b.sql'), '-- migrate: no-transaction\r\nselect 2;\r\n')
  writeFileSync(join(folder, '0001_a.sql'), 'select 1;\n')
  writeFileSync(join(folder, 'schema.txt'), 'no')
  const files = await readMigrations(folder)
  expect(files.map((file) => [file.name, file.transactional])).toEqual([
    ['0001_a.sql', true],
    ['0002_b.sql', false],
  ])
  writeFileSync(join(folder, '0002_b.sql'), '-- migrate: no-transaction\nselect 2;\n')
  expect((await readMigrations(folder))[1]?.checksum).toBe(files[1]?.checksum)
})

test("the package's own migrations are found", async () => {
  expect((await readMigrations(migrationsFolder()))[0]?.name).toBe('0001_hotel.sql')
})
