/** Whom the service lets in, and from when on. */
import type { Config } from '../config.ts'
import { hasUsableKey } from '../platform/access/keys.ts'
import { pendingMigrations } from '../platform/postgres/migration-plan.ts'
import type { Sql } from '../platform/postgres/sql.ts'

const LOOPBACK = ['127.0.0.1', '::1', 'localhost']

/** Refused to start open on an address that others reach. The message says what to set. */
export class OpenToOthers extends Error {
  override readonly name = 'OpenToOthers'
  readonly code = 'open_to_others'
}

/** True: without any key everyone may do everything, from this machine only. Throws OpenToOthers on other addresses. */
export async function isOpen(config: Pick<Config, 'API_KEYS' | 'HOST'>, sql: Sql): Promise<boolean> {
  if ((config.API_KEYS?.length ?? 0) > 0 || (await hasUsableKey(sql))) return false
  if (LOOPBACK.includes(config.HOST)) return true
  throw new OpenToOthers(
    `HOST is ${config.HOST}, which others can reach, and there is no API key: set API_KEYS, ` +
      'or run "prefect-service keys create", or leave HOST at 127.0.0.1.',
  )
}

/** Whether requests can be served: the database answers, has every migration, and takes what is written. Never rejects. */
export async function readiness(
  sql: Sql,
  diskIsFull: () => Promise<boolean>,
): Promise<{ ready: boolean; reason?: string }> {
  try {
    if (await diskIsFull()) return { ready: false, reason: 'The disk of the database is full.' }
    const pending = await pendingMigrations(sql)
    if (pending.length === 0) return { ready: true }
    return { ready: false, reason: `Migrations are missing: ${pending.join(', ')}` }
  } catch {
    return { ready: false, reason: 'The database does not answer.' }
  }
}
