/** The one pool of connections of a process: queries, transactions, and the `pg.Pool` itself for the engine. */
import type { EventEmitter } from 'node:events'
import pg from 'pg'
import type { Logger } from '../observability/logger.ts'
import { PreparingClient } from './prepared-queries.ts'
import type { Sql } from './sql.ts'

export interface Database extends Sql {
  /** Shared with the durable engine, so no type parser is ever changed on it: int8 arrives as text. */
  readonly pool: pg.Pool
  /**
   * Runs `run` on one connection between BEGIN and COMMIT; anything thrown rolls back and is thrown on. A statement
   * that failed inside and was swallowed by `run` is an error too: nothing was committed.
   */
  transaction<T>(run: (sql: Sql) => Promise<T>): Promise<T>
  /** Waits for connections in use. Idempotent. */
  close(): Promise<void>
}

export interface PoolOptions {
  /** postgres://user:password@host:port/name */
  url: string
  /** Connections at most, at least 2: a migration holds one for its lock while others work. */
  max: number
  /** Seen in pg_stat_activity. */
  applicationName: string
  logger?: Logger
  /** Told the SQLSTATE of every error that the server sends, whoever asked. */
  onServerError?: ((code: string | undefined) => void) | undefined
}

/** Connects lazily: a wrong url shows at the first query. Waiting for a connection fails after 30 seconds. */
export function openPool(options: PoolOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: Math.max(2, options.max),
    application_name: options.applicationName,
    connectionTimeoutMillis: 30_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    // A frozen process must not keep its locks: others wait on them to take over its runs.
    idle_in_transaction_session_timeout: 5_000,
    Client: PreparingClient,
  })
  // A broken connection is heard at the client in both states, idle and checked out; unheard it would end the process.
  let closing: Promise<void> | undefined
  pool.on('connect', (client) => {
    client.on('error', (err) => {
      // The embedded server may stop before it has read our good-bye.
      if (closing === undefined) options.logger?.warn({ err }, 'database connection lost')
    })
    // The pool is used by the engine's vendor as well: on the connection every answer passes.
    const { connection } = client as unknown as { connection: EventEmitter }
    connection.on('errorMessage', ({ code }: { code?: string }) => options.onServerError?.(code))
  })
  pool.on('error', () => {})

  return {
    pool,
    query: (text, values) => run(pool, text, values),
    transaction: (body) => transaction(pool, body),
    close: () => {
      closing ??= pool.end()
      return closing
    },
  }
}

type Runner = Pick<pg.ClientBase, 'query'>

async function run<Row extends object>(
  runner: Runner,
  text: string,
  values?: readonly unknown[],
): Promise<Row[]> {
  const result = await runner.query<Row & pg.QueryResultRow>(text, values as unknown[] | undefined)
  return result.rows
}

async function transaction<T>(pool: pg.Pool, body: (sql: Sql) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('begin')
    const result = await body({ query: (text, values) => run(client, text, values) })
    // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK, and no error.
    const end = await client.query('commit')
    if (end.command !== 'COMMIT')
      throw new Error('The transaction was rolled back: a statement in it had failed.')
    return result
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
      broken = failure
    })
    throw error
  } finally {
    client.release(broken)
  }
}
