import { join } from 'node:path'
import type { Logger } from '../observability/logger.ts'
import { startEmbeddedPostgres } from './embedded/embedded-postgres.ts'
import { type Database, openPool, type PoolOptions } from './pool.ts'

export interface OpenDatabaseOptions {
  /** DATABASE_URL; undefined: the embedded PostgreSQL under `dataDir`. */
  url: string | undefined
  /** Where the embedded one lives; not touched when there is a `url`. */
  dataDir: string
  /** Connections at most. */
  max: number
  /** Seen in pg_stat_activity. */
  applicationName: string
  logger: Logger
  onServerError?: PoolOptions['onServerError']
}

export interface OpenedDatabase {
  database: Database
  /** Where it is, with its password. */
  url: string
  /** Waits for connections in use; then leaves the embedded server, which stops with its last user. Idempotent. */
  close(): Promise<void>
}

/**
 * Opens the service's database: the one at `url`, else the embedded one, joined where another process has it running and
 * started where none has. Connects lazily: a wrong `url` shows at the first query.
 * @throws EmbeddedPostgresError, whose message names what to change.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<OpenedDatabase> {
  const { url, stop } = await locate(options)
  const { max, applicationName, logger, onServerError } = options
  const database = openPool({ url, max, applicationName, logger, onServerError })
  return { database, url, close: () => database.close().finally(stop) }
}

async function locate({ url, dataDir, logger }: OpenDatabaseOptions) {
  if (url !== undefined) return { url, stop: async () => {} }
  return startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres'), logger })
}
