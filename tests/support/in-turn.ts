import { lockNumber } from '../../src/platform/postgres/lock-number.ts'
import type { Database } from '../../src/platform/postgres/pool.ts'
import type { Sql } from '../../src/platform/postgres/sql.ts'

/** `body` in a transaction that takes turns with the engine's of the same `lock`, as a transactional task has it. */
export function inTurn<T>(database: Database, lock: string, body: (sql: Sql) => Promise<T>): Promise<T> {
  return database.transaction(async (sql) => {
    await sql.query('select pg_advisory_xact_lock($1)', [lockNumber(lock)])
    return body(sql)
  })
}
