import type { Config } from '../config.ts'
import { createLogger } from '../platform/observability/logger.ts'
import { openDatabase } from '../platform/postgres/open-database.ts'
import type { Database } from '../platform/postgres/pool.ts'

/**
 * Runs `use` on the service's database: the one at DATABASE_URL, else the embedded one under DATA_DIR, joined where a
 * running service has it open and started for as long as this takes where none has.
 */
export async function withDatabase<T>(config: Config, use: (database: Database) => Promise<T>): Promise<T> {
  const { database, close } = await openDatabase({
    url: config.DATABASE_URL,
    dataDir: config.DATA_DIR,
    max: 2,
    applicationName: 'prefect-service cli',
    logger: createLogger('silent'),
  })
  return use(database).finally(close)
}
