/** The files of the database server: created once, configured at every start. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Account, giveTo } from './account.ts'
import { type Binaries, SERVER_ENVIRONMENT } from './binaries.ts'
import { complaintIn, EmbeddedPostgresError } from './embedded-error.ts'

export interface ServerSettings {
  port: number
  password: string
}

export const SUPERUSER = 'postgres'

/** Sorting by ICU is the same on every machine; a build without it sorts by code point. */
const LOCALES = [
  ['--locale=C', '--locale-provider=icu', '--icu-locale=und'],
  ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
]

/** Port and password, kept across starts in a file for this account only. Port 0: not chosen yet. */
export function readSettings(home: string): ServerSettings {
  const path = join(home, 'settings.json')
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as ServerSettings
  if (existsSync(join(home, 'cluster'))) {
    throw new EmbeddedPostgresError(
      `${path} is missing, and with it the password of the database beside it. Restore the file.`,
    )
  }
  const settings = { port: 0, password: randomBytes(24).toString('base64url') }
  writeSettings(home, settings)
  return settings
}

export function writeSettings(home: string, settings: ServerSettings): void {
  const path = join(home, 'settings.json')
  writeFileSync(`${path}.draft`, JSON.stringify(settings), { mode: 0o600 })
  renameSync(`${path}.draft`, path)
}

/**
 * Creates `home/cluster` when missing: aside first, then renamed, so a start that was killed leaves nothing half made.
 * @throws when the cluster was made by another major version of PostgreSQL.
 */
export async function ensureCluster(home: string, binaries: Binaries, account: Account, password: string) {
  const cluster = join(home, 'cluster')
  if (existsSync(cluster)) {
    checkVersion(cluster, binaries.major)
    return cluster
  }
  for (const name of readdirSync(home)) {
    if (name.startsWith('new-cluster')) rmSync(join(home, name), { recursive: true, force: true })
  }
  const draft = join(home, 'new-cluster')
  const passwordFile = join(home, 'new-cluster-password')
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  giveTo(account, passwordFile)
  try {
    await initialise(binaries, account, draft, passwordFile)
  } finally {
    rmSync(passwordFile, { force: true })
  }
  appendFileSync(
    join(draft, 'postgresql.conf'),
    "\ninclude_if_exists = 'prefect.conf'\n# Your own settings: below.\n",
  )
  renameSync(draft, cluster)
  return cluster
}

async function initialise(binaries: Binaries, account: Account, draft: string, passwordFile: string) {
  const common = ['-D', draft, '-U', SUPERUSER, '-A', 'scram-sha-256', '--pwfile', passwordFile, '-E', 'UTF8']
  let failure: unknown
  for (const locale of LOCALES) {
    rmSync(draft, { recursive: true, force: true })
    mkdirSync(draft, { mode: 0o700 })
    giveTo(account, draft)
    try {
      const options = { ...account, cwd: draft, env: SERVER_ENVIRONMENT }
      await promisify(execFile)(binaries.initdb, [...common, ...locale, '--no-instructions'], options)
      return
    } catch (error) {
      failure = error
    }
  }
  const { stderr, message } = failure as Error & { stderr?: string }
  throw new EmbeddedPostgresError(
    `The embedded PostgreSQL could not be set up in ${draft}: ${complaintIn(stderr || message)}. Choose another DATA_DIR, or set DATABASE_URL.`,
    { cause: failure },
  )
}

function checkVersion(cluster: string, major: string): void {
  let found: string
  try {
    found = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim()
  } catch (cause) {
    throw new EmbeddedPostgresError(`${cluster} cannot be read as a database: ${(cause as Error).message}`, {
      cause,
    })
  }
  if (found !== major) {
    throw new EmbeddedPostgresError(
      `The database in ${cluster} was made by PostgreSQL ${found}, and this build brings PostgreSQL ${major}. Start the earlier build and move the data with pg_dump, or choose another DATA_DIR.`,
    )
  }
}

/** Settings of a small service that shares its machine. What an operator adds to postgresql.conf wins. */
export function configure(cluster: string, account: Account, durable: boolean): void {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '100',
    shared_buffers: '64MB',
    wal_level: 'replica',
    max_wal_size: '1GB',
    checkpoint_timeout: '15min',
    fsync: durable ? 'on' : 'off',
    synchronous_commit: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
    jit: 'off',
    // Parallel plans need /dev/shm, which containers make small.
    max_parallel_workers_per_gather: '0',
    timezone: 'UTC',
    log_timezone: 'UTC',
    logging_collector: 'on',
    log_directory: 'log',
    log_filename: 'postgresql-%a.log',
    log_rotation_age: '1d',
    log_rotation_size: '10MB',
    log_truncate_on_rotation: 'on',
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'`)
  const text = `# Written at every start. Put settings of your own at the end of postgresql.conf.\n${lines.join('\n')}\n`
  placeFile(cluster, 'prefect.conf', text, account)
}

/**
 * Writes a file of the cluster by renaming a finished one into it: root must not write into a folder that belongs to
 * another account, where the name could be a link to anywhere.
 */
export function placeFile(cluster: string, name: string, text: string, account: Account): void {
  const draft = join(cluster, '..', `new-${name}`)
  writeFileSync(draft, text, { mode: 0o600 })
  giveTo(account, draft)
  renameSync(draft, join(cluster, name))
}
