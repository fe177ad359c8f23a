/** Embedded servers in a folder of each test's own, and processes that use them; all gone after the test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, beforeEach, expect } from 'vitest'
import { createLogger } from '../../../../src/platform/observability/logger.ts'
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../../../src/platform/postgres/embedded/embedded-postgres.ts'
import { isAlive } from '../../../../src/platform/postgres/embedded/process-identity.ts'
import { findServer } from '../../../../src/platform/postgres/embedded/server-process.ts'
import { eventually } from '../../../support/eventually.ts'

export const root = fileURLToPath(new URL('../../../../', import.meta.url))
export const userScript = join(root, 'tests/support/embedded-user.ts')

export interface User {
  child: ChildProcess
  url: string
  adopted: boolean
  lines: AsyncIterator<string>
}

export class EmbeddedRig {
  readonly base = mkdtempSync(join(tmpdir(), 'prefect-embedded-'))
  dataDir = join(this.base, 'postgres')
  readonly #started: EmbeddedPostgres[] = []
  readonly #children: ChildProcess[] = []

  constructor() {
    // mkdtemp closes its folder to others; the server's account must pass through.
    chmodSync(this.base, 0o755)
  }

  /** Where the cluster is: in the data folder, or where that folder says. */
  cluster(): string {
    const pointer = join(this.dataDir, 'location.txt')
    return join(existsSync(pointer) ? readFileSync(pointer, 'utf8').trim() : this.dataDir, 'cluster')
  }

  async start({ durable = false } = {}): Promise<EmbeddedPostgres> {
    const logger = createLogger('silent')
    // Durable is what one gets without asking.
    const options = durable ? {} : { durable }
    const server = await startEmbeddedPostgres({ dataDir: this.dataDir, logger, ...options })
    this.#started.push(server)
    return server
  }

  /** Killed after the test. */
  keep(child: ChildProcess): ChildProcess {
    this.#children.push(child)
    return child
  }

  async spawnUser(script = userScript): Promise<User> {
    const child = this.keep(
      spawn(process.execPath, ['--import', 'tsx', script, this.dataDir], {
        cwd: root,
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    )
    if (child.stdout === null) throw new Error('no stdout')
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const first = await lines.next()
    if (first.done === true) throw new Error('The user process ended without a word.')
    return { child, lines, ...(JSON.parse(first.value) as { url: string; adopted: boolean }) }
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    for (const server of this.#started) await server.stop()
    const left = findServer(this.cluster())
    if (left !== undefined) {
      process.kill(left.pid, 'SIGQUIT')
      await eventually('the left server to end', () => !isAlive(left.pid))
    }
    const home = dirname(this.cluster())
    if (home.startsWith('/var/lib/prefect-service/')) rmSync(home, { recursive: true, force: true })
    rmSync(this.base, { recursive: true, force: true })
  }
}

/** A rig for each test of the file: call the answer inside a test. */
export function rigForEachTest(): () => EmbeddedRig {
  let rig: EmbeddedRig
  beforeEach(() => {
    rig = new EmbeddedRig()
  })
  afterEach(() => rig.close())
  return () => rig
}

export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

export async function leave(user: User): Promise<void> {
  user.child.stdin?.write('stop\n')
  expect((await user.lines.next()).value).toBe('stopped')
}
