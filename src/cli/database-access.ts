import { join } from 'node:path'
import type { Config } from '../config.ts'
import { startEmbeddedPostgres } from '../db/embedded/embedded-postgres.ts'
import { type Database, openPool } from '../db/pool.ts'
import { createLogger } from '../observability/logger.ts'

/**
 * Runs `use` on the service's database: the one at DATABASE_URL, else the embedded one under DATA_DIR, joined where a
 * running service has it open and started for as long as this takes where none has.
 */
export async function withDatabase<T>(config: Config, use: (database: Database) => Promise<T>): Promise<T> {
  const logger = createLogger('silent')
  const embedded =
    config.DATABASE_URL === undefined
      ? await startEmbeddedPostgres({ dataDir: join(config.DATA_DIR, 'postgres'), logger })
      : undefined
  const url = config.DATABASE_URL ?? (embedded as { url: string }).url
  const database = openPool({ url, max: 2, applicationName: 'prefect-service cli', logger })
  try {
    return await use(database)
  } finally {
    await database.close()
    await embedded?.stop()
  }
}
