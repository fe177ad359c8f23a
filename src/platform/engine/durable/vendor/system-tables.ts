/**
 * Called: `ensureSystemDatabase`, which creates and upgrades the vendor's tables.
 *
 * Why: the public `DBOS.migrate` opens connections of its own from a URL, tries to create the database, installs triggers
 * for LISTEN/NOTIFY that we do not use, and prints to the console.
 */
import { ensureSystemDatabase } from '@dbos-inc/dbos-sdk/internal/system_database'
import type { Database } from '../../../postgres/pool.ts'

type VendorLogger = Parameters<typeof ensureSystemDatabase>[1]

const silent = {
  addContextMetadata: false,
  info: () => {},
  debug: () => {},
  warn: () => {},
  error: () => {},
  destroy: async () => {},
} as unknown as VendorLogger

/** Idempotent. Takes two connections of the pool at most. */
export async function createSystemTables({ pool }: Database, schema: string): Promise<void> {
  // The url is not used when a pool is given.
  await ensureSystemDatabase('', silent, pool, schema, false)
}
