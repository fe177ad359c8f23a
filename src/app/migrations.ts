import { refusalsOfHotelTables } from '../hotel/hotel-columns.sql.ts'
import { ensureEngineSchema } from '../platform/engine/durable/schema.ts'
import type { Logger } from '../platform/observability/logger.ts'
import { migrate } from '../platform/postgres/migrate.ts'
import type { Database } from '../platform/postgres/pool.ts'

/**
 * Brings the engine's tables, the hotel's and our own forward to this build.
 * @returns the names of the migrations applied.
 * @throws MigrationError, before anything is changed when the hotel's tables will not do.
 */
export function migrateEverything(database: Database, logger?: Logger): Promise<string[]> {
  const steps = { check: refusalsOfHotelTables, before: ensureEngineSchema }
  return migrate(database, logger ? { ...steps, logger } : steps)
}
