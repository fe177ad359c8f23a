import type { Database } from '../../postgres/pool.ts'
import { createSystemTables } from './vendor/system-tables.ts'

/** The schema the durable engine keeps its own tables in. */
export const ENGINE_SCHEMA = 'dbos'

/**
 * Creates or upgrades the engine's tables in our database, through our pool. Idempotent; run it under the migration lock,
 * which keeps several starting processes apart.
 */
export function ensureEngineSchema(database: Database): Promise<void> {
  return createSystemTables(database, ENGINE_SCHEMA)
}
