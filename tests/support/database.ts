import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { inject } from 'vitest'
import { type Database, openPool } from '../../src/platform/postgres/pool.ts'

export interface TestDatabase {
  url: string
  database: Database
  /** Closes the pool and drops the database, whoever else is connected. */
  drop(): Promise<void>
}

export interface TestDatabaseOptions {
  /** True: without our schema and the engine's. */
  empty?: boolean
  /** Connections of the pool; default 10. */
  max?: number
}

/** A database of the caller's own, copied from the migrated template. Call it once per test file, or per test. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const name = `test_${process.pid}_${randomBytes(6).toString('hex')}`
  const server = inject('postgresUrl')
  const admin = openPool({ url: server, max: 2, applicationName: 'prefect-tests' })
  try {
    const template = options.empty === true ? 'template0' : inject('postgresTemplate')
    await whileInUse(() => admin.query(`create database ${name} template ${template}`))
  } finally {
    await admin.close()
  }
  const url = new URL(server)
  url.pathname = `/${name}`
  const database = openPool({ url: url.href, max: options.max ?? 10, applicationName: 'prefect-tests' })
  return {
    url: url.href,
    database,
    drop: async () => {
      await database.close()
      const again = openPool({ url: server, max: 2, applicationName: 'prefect-tests' })
      await again.query(`drop database if exists ${name} with (force)`)
      await again.close()
    },
  }
}

const OBJECT_IN_USE = '55006'

/** A template cannot be copied while anybody is connected to it, and autovacuum sometimes is. */
async function whileInUse(create: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    try {
      await create()
      return
    } catch (error) {
      if ((error as { code?: unknown }).code !== OBJECT_IN_USE || Date.now() > deadline) throw error
      await delay(50)
    }
  }
}
