/** One process at a time in a folder, without leaving it locked when that process is killed. */
import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { EmbeddedPostgresError } from './embedded-error.ts'
import { isSame, type ProcessIdentity, thisProcess } from './process-identity.ts'

interface Holder extends ProcessIdentity {
  token: string
}

/**
 * Runs `body` while holding `folder`'s lock file.
 * @throws when a living process holds it for more than `waitSeconds`; the message names the file and the process.
 */
export async function withFolderLock<T>(
  folder: string,
  body: () => Promise<T>,
  waitSeconds = 120,
): Promise<T> {
  const path = join(folder, 'lock')
  const holder: Holder = { ...thisProcess(), token: randomUUID() }
  const deadline = Date.now() + waitSeconds * 1000
  while (!tryLock(path, holder)) {
    const other = read(path)
    if (other !== undefined && !isSame(other)) breakLock(path, other)
    else if (Date.now() > deadline) {
      throw new EmbeddedPostgresError(
        `${path} is held by process ${other?.pid ?? 'unknown'} for ${waitSeconds} s. End that process, or delete the file.`,
      )
    } else await delay(25)
  }
  try {
    return await body()
  } finally {
    unlinkSync(path)
  }
}

/** A link appears with its content or not at all, so nobody ever reads half a lock file. */
function tryLock(path: string, holder: Holder): boolean {
  const draft = `${path}.${holder.token}`
  writeFileSync(draft, JSON.stringify(holder))
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  } finally {
    unlinkSync(draft)
  }
}

/**
 * Removes a dead holder's lock. Two that see it dead must not both remove it, or the second would remove the lock the
 * first has taken by then: so only who creates the marker of that very holder may, and looks again first.
 */
function breakLock(path: string, dead: Holder): void {
  const marker = `${path}.dead-${dead.token}`
  try {
    writeFileSync(marker, '', { flag: 'wx' })
  } catch {
    return
  }
  if (read(path)?.token === dead.token) unlinkSync(path)
  unlinkSync(marker)
}

function read(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder
  } catch {
    return undefined
  }
}
