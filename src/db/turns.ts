import type { Database } from './pool.ts'
import type { Sql } from './sql.ts'

/**
 * Runs `body` in a transaction of its own that takes turns with transactional tasks of the same `lock`: an undo has no
 * transaction of the engine's, and must not change what another run is changing.
 */
export function inTurn<T>(database: Database, lock: string, body: (sql: Sql) => Promise<T>): Promise<T> {
  return database.transaction(async (sql) => {
    // The number the engine makes of a lock's name: the first 64 bits of its SHA-256.
    await sql.query(
      `select pg_advisory_xact_lock(('x' || left(encode(sha256(convert_to($1, 'UTF8')), 'hex'), 16))::bit(64)::bigint)`,
      [lock],
    )
    return body(sql)
  })
}
