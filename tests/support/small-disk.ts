/** A disk that is really full: the kernel refuses the write, and PostgreSQL says 53100. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

export interface SmallDisk {
  readonly folder: string
  /** True: a file system of its own, so that nothing at all can be written. False: the events' payloads only. */
  readonly isWhole: boolean
  /** After this the embedded PostgreSQL in `folder/data` finds no space. */
  fill(): Promise<void>
  /** There is space again. Of a whole disk only. */
  free(): void
  remove(): void
}

const MEGABYTES = 160

/** Mounts a file system of its own where that is allowed (root). Elsewhere the file of one table becomes /dev/full. */
export function openSmallDisk(): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'prefect-disk-'))
  // The server's account must pass through.
  chmodSync(folder, 0o755)
  const isWhole = process.getuid?.() === 0 && mounts(folder)
  const filler = join(folder, 'filler')
  return {
    folder,
    isWhole,
    fill: () => (isWhole ? fillWith(filler) : refuseEvents(folder)),
    free: () => rmSync(filler),
    remove() {
      if (isWhole) execFileSync('umount', [folder])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function mounts(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m`, 'tmpfs', folder], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function fillWith(path: string): Promise<void> {
  const file = openSync(path, 'w')
  const chunk = Buffer.alloc(1 << 20)
  try {
    for (;;) writeSync(file, chunk)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(file)
  }
}

/** Long payloads are kept in a table of their own, whose file no connection has opened yet. */
async function refuseEvents(folder: string): Promise<void> {
  const home = join(folder, 'data', 'postgres')
  const { port, password } = JSON.parse(readFileSync(join(home, 'settings.json'), 'utf8')) as {
    port: number
    password: string
  }
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password, database: 'prefect' })
  await client.connect()
  const { rows } = await client.query<{ file: string }>(
    `select pg_relation_filepath(reltoastrelid) as file from pg_class where oid = 'prefect.events'::regclass`,
  )
  await client.end()
  const path = join(home, 'cluster', rows[0]?.file ?? '')
  renameSync(path, `${path}.kept`)
  symlinkSync('/dev/full', path)
}
