/** The server process: found by its postmaster.pid, started in a session of its own, stopped. */
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Account } from './account.ts'
import { type Binaries, SERVER_ENVIRONMENT } from './binaries.ts'
import { placeFile } from './cluster.ts'
import { complaintIn, EmbeddedPostgresError } from './embedded-error.ts'
import { isAlive } from './process-identity.ts'

export interface RunningServer {
  pid: number
  port: number
  /** `starting`, `ready`, `stopping` ... */
  status: string
}

/** Crash recovery of a large database takes its time; it goes on regardless of who waits. */
const START_SECONDS = 180

/** The living server on a cluster, if any. */
export function findServer(cluster: string): RunningServer | undefined {
  const lines = pidFile(cluster)
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid) || !isServerOf(pid, cluster)) return undefined
  return { pid, port: Number(lines[3]), status: lines[7]?.trim() ?? 'starting' }
}

function pidFile(cluster: string): string[] {
  try {
    return readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return []
  }
}

/** After a restart of the machine the id in the file may be anybody's. The server's working folder is its cluster. */
function isServerOf(pid: number, cluster: string): boolean {
  if (process.platform === 'win32') return true
  if (process.platform === 'linux') {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(cluster)
    } catch {
      return false // not ours to look into, so not ours
    }
  }
  try {
    const command = execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    return basename(command) === 'postgres'
  } catch {
    return false
  }
}

/**
 * PostgreSQL believes a postmaster.pid whose process id is alive, whoever that is now. A pid that cannot exist takes its
 * place; the rest stays, because PostgreSQL itself checks by it that no orphan of the old server still uses the data.
 */
function disarmPidFile(cluster: string, account: Account): void {
  const [pid, ...rest] = pidFile(cluster)
  if (pid !== undefined) placeFile(cluster, 'postmaster.pid', ['2147483646', ...rest].join('\n'), account)
}

/**
 * Starts the server on the preferred port, or on a free one when that is taken, and waits until it answers.
 * @throws with the last lines of the server's own words.
 */
export async function startServer(
  binaries: Binaries,
  cluster: string,
  account: Account,
  preferredPort: number,
): Promise<RunningServer> {
  let taken = false
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(taken ? 0 : preferredPort)
    try {
      return await launch(binaries, cluster, account, port)
    } catch (error) {
      // Between our look and its bind somebody may have taken the port; orphans of a killed server need a moment to go.
      const words = (error as Error).message
      taken = /Address already in use/i.test(words)
      if (attempt >= 50 || !/Address already in use|shared memory block/i.test(words)) throw error
      await delay(200)
    }
  }
}

async function launch(
  binaries: Binaries,
  cluster: string,
  account: Account,
  port: number,
): Promise<RunningServer> {
  disarmPidFile(cluster, account)
  const logPath = join(cluster, '..', 'start.log')
  const log = openSync(logPath, 'w', 0o600)
  // Windows: pg_ctl sheds administrator rights. Elsewhere the server itself, in a session of its own: Ctrl-C in the
  // terminal goes to this process's group, and the database must outlive it to be shut down last.
  const windows = process.platform === 'win32'
  const child = spawn(
    windows ? binaries.pgCtl : binaries.postgres,
    windows ? ['start', '-D', cluster, '-o', `-p ${port}`] : ['-D', cluster, '-p', String(port)],
    { ...account, cwd: cluster, env: SERVER_ENVIRONMENT, detached: true, stdio: ['ignore', log, log] },
  )
  closeSync(log)
  child.unref()
  let ended: string | undefined
  child.once('error', (error) => {
    ended = error.message
  })
  child.once('exit', (code, signal) => {
    if (!windows || code !== 0) ended = `ended with ${code ?? signal}`
  })
  const deadline = Date.now() + START_SECONDS * 1000
  while (ended === undefined && Date.now() < deadline) {
    const server = findServer(cluster)
    if (server?.status === 'ready' && (windows || server.pid === child.pid)) return server
    await delay(15)
  }
  const words = complaintIn(readFileSync(logPath, 'utf8'))
  throw new EmbeddedPostgresError(
    `The embedded PostgreSQL did not start (${ended ?? `${START_SECONDS} s passed`}): ${words}; more in ${logPath}`,
  )
}

/** Waits for a server that is starting to be ready, or for one that is stopping to be gone. */
export async function settledServer(cluster: string): Promise<RunningServer | undefined> {
  const deadline = Date.now() + START_SECONDS * 1000
  for (;;) {
    const server = findServer(cluster)
    if (server === undefined || server.status === 'ready') return server
    if (Date.now() > deadline)
      throw new EmbeddedPostgresError(
        `The database server (process ${server.pid}) has been ${server.status} for ${START_SECONDS} s.`,
      )
    await delay(25)
  }
}

/** Fast shutdown, which ends sessions and writes a checkpoint; after `graceMs` the immediate one, which recovers later. */
export async function stopServer(binaries: Binaries, cluster: string, graceMs = 5_000): Promise<void> {
  const server = findServer(cluster)
  if (server === undefined) return
  for (const [signal, mode] of [
    ['SIGINT', 'fast'],
    ['SIGQUIT', 'immediate'],
  ] as const) {
    if (process.platform === 'win32') {
      spawn(binaries.pgCtl, ['stop', '-D', cluster, '-m', mode, '-W'], { env: SERVER_ENVIRONMENT }).unref()
    } else process.kill(server.pid, signal)
    const deadline = Date.now() + graceMs
    while (Date.now() < deadline) {
      if (!isAlive(server.pid)) return
      await delay(15)
    }
  }
  throw new EmbeddedPostgresError(`The database server (process ${server.pid}) does not stop.`)
}

/** `preferred` when nobody listens there, else one the system gives. */
async function freePort(preferred: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (preferred !== 0) resolve(freePort(0))
      else reject(error)
    })
    probe.listen({ host: '127.0.0.1', port: preferred, exclusive: true }, () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}
