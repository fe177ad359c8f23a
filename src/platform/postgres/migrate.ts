/**
 * Brings a database forward to this build's `migrations/`, also while the hotel's other services work on it.
 *
 *   lock ── check ──┬─ fit ── before (the engine's own schema) ── each missing file, in order ── unlock
 *                   └─ unfit: refused, and nothing was changed
 */
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from '../observability/logger.ts'
import { folderOf, type MigrationFile, readMigrations, splitStatements } from './migration-files.ts'
import {
  MIGRATIONS_TABLE,
  MigrationError,
  missingOf,
  readApplied,
  refusalsToCreate,
} from './migration-plan.ts'
import type { Database } from './pool.ts'
import type { Sql } from './sql.ts'

export interface MigrateOptions {
  /** Default: the package's own `migrations`. */
  directory?: URL | string
  /**
   * Why the tables that are there will not do, a sentence each; none: they do. Asked before anything is changed, with
   * the names of what is still to be applied.
   */
  check?: (sql: Sql, pending: readonly string[]) => Promise<string[]>
  /** Runs before the first file, under the same lock, every time: must be idempotent. */
  before?: (database: Database) => Promise<void>
  logger?: Logger
}

/** Any constant of our own: the session that holds it is the one that migrates. */
const LOCK_KEY = 7_263_118_004
/** Everyone who reads the table queues behind a waiting DDL statement, so it must not wait long. */
const LOCK_TIMEOUT = '5s'
const ATTEMPTS = 20
const LOCK_NOT_AVAILABLE = '55P03'
const DEADLOCK = '40P01'

/**
 * Applies what is missing, each file in a transaction of its own unless it begins with `-- migrate: no-transaction`.
 * Safe to call from many processes at once: one works, the others wait and find nothing to do.
 * @returns the names of the files applied by this call.
 * @throws MigrationError; or PostgreSQL's own error with the file's name in front.
 */
export async function migrate(database: Database, options: MigrateOptions = {}): Promise<string[]> {
  const files = await readMigrations(folderOf(options.directory))
  const client = await database.pool.connect()
  try {
    await takeLock(client, options.logger)
    await leaveOwnSchema(client)
    const sql = sqlOf(client)
    const missing = missingOf(files, await readApplied(sql))
    const pending = missing.map(({ name }) => name)
    const refusals = [
      ...(await refusalsToCreate(sql, pending)),
      ...((await options.check?.(sql, pending)) ?? []),
    ]
    if (refusals.length > 0) throw new MigrationError('database_unfit', refusals.join('\n'))
    await options.before?.(database)
    if (missing.length > 0) await client.query(MIGRATIONS_TABLE)
    for (const file of missing) {
      await apply(client, file, options.logger)
      options.logger?.info({ migration: file.name }, 'migration applied')
    }
    return pending
  } finally {
    // Ends the session: with it go the lock and the settings made on it, whatever state a failure left it in.
    client.release(true)
  }
}

function sqlOf(client: pg.PoolClient): Sql {
  return {
    query: async <Row extends object>(text: string, values?: readonly unknown[]) =>
      (await client.query(text, values as unknown[] | undefined)).rows as Row[],
  }
}

/**
 * Asked again and again instead of waited for: a session that waits inside a statement holds a snapshot, and the
 * holder's CREATE INDEX CONCURRENTLY would wait for that snapshot: a deadlock.
 */
async function takeLock(client: pg.PoolClient, logger: Logger | undefined): Promise<void> {
  for (let tries = 0; ; tries++) {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
      LOCK_KEY,
    ])
    if (rows[0]?.taken === true) return
    if (tries === 0) logger?.info('another process is migrating the database; waiting for it')
    await delay(200)
  }
}

/**
 * The hotel's tables are named without a schema, to be found where the hotel has them. A role called `prefect` would look
 * in our schema first, and get empty tables there that hide the hotel's own.
 */
async function leaveOwnSchema(client: pg.PoolClient): Promise<void> {
  await client.query(`select set_config('search_path', coalesce(
    (select string_agg(quote_ident(name), ', ' order by position)
     from unnest(current_schemas(false)) with ordinality as path (name, position) where name <> 'prefect'),
    'public'), false)`)
}

async function apply(client: pg.PoolClient, file: MigrationFile, logger: Logger | undefined): Promise<void> {
  const record = () =>
    client.query('insert into public.prefect_migrations (name, checksum) values ($1, $2)', [
      file.name,
      file.checksum,
    ])
  if (file.transactional) {
    return patiently(client, file.name, logger, async () => {
      await client.query('begin')
      try {
        await client.query(`set local lock_timeout = '${LOCK_TIMEOUT}'`)
        await client.query(file.text)
        await record()
        await client.query('commit')
      } catch (error) {
        await client.query('rollback').catch(() => {})
        throw error
      }
    })
  }
  for (const statement of splitStatements(file.text)) {
    await patiently(client, file.name, logger, () => applyAlone(client, statement))
  }
  await record()
}

const CONCURRENT_INDEX = /\bcreate\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?([\w."]+)/i

async function applyAlone(client: pg.PoolClient, statement: string): Promise<void> {
  const index = CONCURRENT_INDEX.exec(statement)?.[1]
  // A concurrent build takes no lock that readers or writers queue behind: it may wait as long as it needs to.
  await client.query(`set lock_timeout = '${index === undefined ? LOCK_TIMEOUT : '0'}'`)
  if (index !== undefined) await dropInvalid(client, index)
  await client.query(statement)
}

/** A build that was interrupted leaves an index that costs and never serves, and whose name `if not exists` accepts. */
async function dropInvalid(client: pg.PoolClient, index: string): Promise<void> {
  const { rows } = await client.query<{ invalid: boolean }>(
    'select not indisvalid as invalid from pg_index where indexrelid = to_regclass($1)',
    [index],
  )
  if (rows[0]?.invalid === true) await client.query(`drop index concurrently if exists ${index}`)
}

/** Again while a lock cannot be had; the pause lets those pass who queued behind us. */
async function patiently(
  client: pg.PoolClient,
  name: string,
  logger: Logger | undefined,
  body: () => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await body()
    } catch (error) {
      const { code, message } = error as { code?: unknown; message?: unknown }
      if (code !== LOCK_NOT_AVAILABLE && code !== DEADLOCK) {
        throw Object.assign(error as Error, { message: `Migration ${name}: ${String(message)}` })
      }
      if (attempt >= ATTEMPTS) {
        throw new MigrationError(
          'migration_blocked',
          `The migration ${name} could not lock a table in ${ATTEMPTS} attempts: another session holds it. Find it in pg_locks.`,
          { cause: error },
        )
      }
      logger?.warn({ migration: name, attempt }, 'a table is locked by another session; trying again')
      await client.query('set lock_timeout = default')
      await delay(Math.min(250 * attempt, 2_000))
    }
  }
}
