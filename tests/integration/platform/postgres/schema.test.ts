import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrationsFolder } from '../../../../src/platform/postgres/migration-files.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { describeSchema } from '../../../support/schema-dump.ts'

let place: TestDatabase

beforeAll(async () => {
  place = await createTestDatabase()
})
afterAll(() => place.drop())

test('migrations/schema.txt is what the migrations make (rewrite it with UPDATE_SCHEMA=1)', async () => {
  const path = join(migrationsFolder(), 'schema.txt')
  const schema = await describeSchema(place.database)
  if (process.env.UPDATE_SCHEMA === '1') writeFileSync(path, schema)
  expect(schema).toBe(readFileSync(path, 'utf8').replaceAll('\r\n', '\n'))
})
