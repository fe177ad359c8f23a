/** The real service, as a process of its own, spoken to from outside. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript without declarations: it runs before anything is installed or built
import * as building from '../../scripts/prepare-build.mjs'
// @ts-expect-error as above
import * as locking from '../../scripts/prepare-lock.mjs'
import { eventually } from './eventually.ts'
import { STARVED } from './planned-warnings.ts'

const { buildIsCurrent, runBuild } = building as Record<
  'buildIsCurrent' | 'runBuild',
  (root: string) => boolean
>
const { holdLock } = locking as { holdLock(root: string): () => void }

export const ROOT = join(import.meta.dirname, '..', '..')
const ATTEMPTS = 3

export interface ServiceProcess {
  /** Where it listens, without a slash at the end. */
  readonly url: string
  readonly pid: number
  /** All it has written so far, both outputs. */
  logs(): string
  signal(signal: NodeJS.Signals): void
  /**
   * SIGTERM, and waits for the end. The exit code; null: a signal ended it. Idempotent. Rejects when the service has
   * warned of something that the test did not plan.
   */
  stop(): Promise<number | null>
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>
}

/** Warnings that a test plans: what it does to the service is told, as it should be. Each is tried on whole lines. */
export type Planned = readonly RegExp[]

/**
 * Builds what is not built, starts `node dist/src/main.js` (or another program with its arguments), and resolves when it
 * answers. It sees `env` and nothing of the caller's environment but PATH, in an empty folder, so that no .env is read.
 */
export async function startService(
  env: Record<string, string>,
  { command = ['dist/src/main.js'], planned = [] }: { command?: readonly string[]; planned?: Planned } = {},
): Promise<ServiceProcess> {
  ensureBuilt()
  for (let attempt = 1; ; attempt++) {
    // A schedule that comes with the service must not start a run of its own while a test counts them.
    const quiet = { PORT: String(await freePort()), DEPLOYMENTS_DIR: 'none' }
    const service = launch({ ...quiet, ...env }, command, planned)
    try {
      await service.answers()
      return service
    } catch (error) {
      await service.kill()
      // A port that was free may be another's a moment later.
      if (attempt === ATTEMPTS || !service.logs().includes('EADDRINUSE')) throw error
    }
  }
}

/** Lines at warn or above, and what is no log line at all: Node's own warnings, a stack. */
export function warnings(logs: string, planned: Planned = []): string[] {
  const isQuiet = /^\{"level":"(trace|debug|info)"/
  const lines = logs.split('\n').filter((line) => line !== '' && !isQuiet.test(line))
  return lines.filter((line) => !planned.some((pattern) => pattern.test(line)))
}

function launch(env: Record<string, string>, [program = '', ...args]: readonly string[], planned: Planned) {
  const folder = mkdtempSync(join(tmpdir(), 'prefect-service-'))
  const child = spawn(process.execPath, [join(ROOT, program), ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let written = ''
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (text: string) => {
      written += text
    })
  }
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      rmSync(folder, { recursive: true, force: true })
      resolve(code)
    })
  })
  const url = `http://127.0.0.1:${env.PORT}`
  return {
    url,
    pid: child.pid ?? 0,
    logs: () => written,
    signal: (signal: NodeJS.Signals) => void child.kill(signal),
    async stop() {
      child.kill('SIGTERM')
      // One that was halted hears nothing until it goes on.
      child.kill('SIGCONT')
      const code = await ended
      const unplanned = warnings(written, [STARVED, ...planned])
      if (unplanned.length === 0) return code
      throw new Error(`The service warned of what no test planned:\n${unplanned.slice(0, 10).join('\n')}`)
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    answers: () => eventually(`${program} to answer`, () => answers(child, url, () => written), 60),
  }
}

async function answers(child: ChildProcess, url: string, written: () => string): Promise<boolean> {
  const answer = await fetch(`${url}/livez`).catch(() => undefined)
  await answer?.body?.cancel()
  if (child.exitCode !== null || child.signalCode !== null) {
    throw new Error(`The service ended before it listened:\n${written()}`)
  }
  return answer?.ok ?? false
}

/** What `npm test` has done already. Run alone, a test compiles in place: another process may be running from dist. */
export function ensureBuilt(): void {
  if (buildIsCurrent(ROOT)) return
  const release = holdLock(ROOT)
  try {
    if (buildIsCurrent(ROOT)) return
    if (!existsSync(join(ROOT, 'dist', 'src', 'main.js'))) {
      runBuild(ROOT)
      return
    }
    const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: ROOT, stdio: 'inherit' })
  } finally {
    release()
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
