/**
 * A PostgreSQL of the service's own, for when DATABASE_URL is not set. It belongs to a data folder, not to a process:
 * whoever comes first starts it, whoever comes later uses it, the last one to leave stops it.
 *
 *   lock ── running? ─┬─ yes ─ adopt ─────────────────┬─ sign in (users/) ── unlock
 *                     └─ no ── create ── start ── ────┘
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import pg from 'pg'
import type { Logger } from '../../observability/logger.ts'
import { serverAccount } from './account.ts'
import { type Binaries, findBinaries } from './binaries.ts'
import { configure, ensureCluster, readSettings, SUPERUSER, writeSettings } from './cluster.ts'
import { asDataDirError } from './embedded-error.ts'
import { withFolderLock } from './folder-lock.ts'
import { openHome } from './home.ts'
import { isSame, type ProcessIdentity, thisProcess } from './process-identity.ts'
import { settledServer, startServer, stopServer } from './server-process.ts'
import { keepRunning } from './watch.ts'

export interface EmbeddedPostgresOptions {
  /** A folder of its own; created when missing. Never two machines on one folder. */
  dataDir: string
  logger: Logger
  /** False: a crash of the machine may lose the data. For tests. */
  durable?: boolean
}

export interface EmbeddedPostgres {
  /** Of the database `prefect`, on 127.0.0.1, with its password. */
  url: string
  /** The server was running already: left by a killed process, or shared with a living one. */
  adopted: boolean
  /** Signs out; the last user stops the server (fast, and after 5 s at once). Close connections first. Idempotent. */
  stop(): Promise<void>
}

const DATABASE = 'prefect'

/**
 * Starts the database of `dataDir`, or joins it when it runs.
 * @throws EmbeddedPostgresError with a sentence that names what to change: no binaries for this platform, data of another major version,
 * no account to run as, a folder that cannot be used, a server that does not start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return start(options).catch((error: unknown) => {
    throw asDataDirError(error, resolve(options.dataDir))
  })
}

async function start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const home = openHome(options.dataDir, options.logger)
  return withFolderLock(home, async () => {
    const cluster = join(home, 'cluster')
    const account = serverAccount(existsSync(cluster) ? statSync(cluster) : undefined)
    const binaries = await findBinaries(account, home)
    const settings = readSettings(home)
    await ensureCluster(home, binaries, account, settings.password)

    let server = await settledServer(cluster)
    const adopted = server !== undefined
    if (server === undefined) {
      configure(cluster, account, options.durable ?? true)
      server = await startServer(binaries, cluster, account, settings.port)
    }
    if (server.port !== settings.port) writeSettings(home, { ...settings, port: server.port })
    const urlOf = (name: string) =>
      `postgres://${SUPERUSER}:${settings.password}@127.0.0.1:${server.port}/${name}`
    await ensureDatabase(urlOf)
    options.logger.info({ port: server.port, adopted }, 'embedded PostgreSQL is ready')
    const leave = signIn(join(home, 'users'))
    const { port } = server
    const unwatch = keepRunning({ home, cluster, port, logger: options.logger }, () =>
      startServer(binaries, cluster, account, port),
    )
    const stop = once(async () => {
      await unwatch()
      await signOut(home, binaries, leave, options.logger)
    })
    return { url: urlOf(DATABASE), adopted, stop }
  })
}

/** Proves that the server answers to our password; creates the database at the first start. */
async function ensureDatabase(urlOf: (name: string) => string): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf('postgres') })
  await client.connect()
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE])
    if (rowCount === 0) await client.query(`create database ${DATABASE}`)
  } finally {
    await client.end()
  }
}

/** One file per user, with who it is: a process that was killed does not count as a user. */
function signIn(folder: string): () => void {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${process.pid}-${randomBytes(4).toString('hex')}.json`)
  writeFileSync(path, JSON.stringify(thisProcess()))
  return () => rmSync(path, { force: true })
}

async function signOut(home: string, binaries: Binaries, leave: () => void, logger: Logger): Promise<void> {
  await withFolderLock(home, async () => {
    leave()
    const others = livingUsers(join(home, 'users'))
    if (others > 0) logger.info({ users: others }, 'embedded PostgreSQL goes on for its other users')
    else await stopServer(binaries, join(home, 'cluster'))
  })
}

function livingUsers(folder: string): number {
  let living = 0
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (isSame(JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity)) living += 1
    else rmSync(path, { force: true })
  }
  return living
}

function once(body: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => {
    running ??= body()
    return running
  }
}
