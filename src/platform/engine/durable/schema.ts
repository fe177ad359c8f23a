import { ensureSystemDatabase } from '@dbos-inc/dbos-sdk/internal/system_database'
import type { Database } from '../../postgres/pool.ts'

/** The schema the durable engine keeps its own tables in. */
export const ENGINE_SCHEMA = 'dbos'

type EngineLogger = Parameters<typeof ensureSystemDatabase>[1]

const silent = {
  addContextMetadata: false,
  info: () => {},
  debug: () => {},
  warn: () => {},
  error: () => {},
  destroy: async () => {},
} as unknown as EngineLogger

/**
 * Creates or upgrades the engine's tables in our database, through our pool (two connections at most). Idempotent; run
 * it under the migration lock, which keeps several starting processes apart.
 */
export async function ensureEngineSchema(database: Database): Promise<void> {
  // The url is not used when a pool is given. Without LISTEN/NOTIFY no trigger is installed on the engine's tables.
  await ensureSystemDatabase('', silent, database.pool, ENGINE_SCHEMA, false)
}
