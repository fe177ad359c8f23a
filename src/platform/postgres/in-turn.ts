import { createHash } from 'node:crypto'
import type { Database } from './pool.ts'
import type { Sql } from './sql.ts'

/**
 * Runs `body` in a transaction of its own that takes turns with transactional tasks of the same `lock`: an undo has no
 * transaction of the engine's, and must not change what another run is changing.
 */
export function inTurn<T>(database: Database, lock: string, body: (sql: Sql) => Promise<T>): Promise<T> {
  return database.transaction(async (sql) => {
    await sql.query('select pg_advisory_xact_lock($1)', [lockNumber(lock)])
    return body(sql)
  })
}

/** PostgreSQL's name of a lock: a signed 64-bit number, the same in every process and build. */
export function lockNumber(name: string): bigint {
  return createHash('sha256').update(name).digest().readBigInt64BE()
}
