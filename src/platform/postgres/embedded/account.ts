/** PostgreSQL refuses to run as root: there, it runs as an ordinary account, which must be able to reach its files. */
import { accessSync, chmodSync, chownSync, constants, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { EmbeddedPostgresError } from './embedded-error.ts'

/** Undefined: this process's own account. */
export type Account = { uid: number; gid: number } | undefined

/**
 * Who runs the server: this process's account, or as root the owner of an existing cluster, else `postgres` or `nobody`.
 * @throws when root has no ordinary account to give the server to.
 */
export function serverAccount(clusterOwner?: { uid: number; gid: number }): Account {
  if (process.getuid?.() !== 0) return undefined
  if (clusterOwner !== undefined && clusterOwner.uid !== 0)
    return { uid: clusterOwner.uid, gid: clusterOwner.gid }
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  for (const name of ['postgres', 'nobody']) {
    const found = accounts.find((fields) => fields[0] === name)
    if (found !== undefined) return { uid: Number(found[2]), gid: Number(found[3]) }
  }
  throw new EmbeddedPostgresError(
    'PostgreSQL does not run as root, and /etc/passwd has neither "postgres" nor "nobody". Start the service as an ordinary user, or set DATABASE_URL.',
  )
}

/** Whether the account may pass through every folder down to `path` and read it. Looks at the mode bits only. */
export function canReach(account: Account, path: string): boolean {
  if (account === undefined) return isReadable(path)
  const bits = (at: string) => {
    const { uid, gid, mode } = statSync(at)
    return uid === account.uid ? mode >> 6 : gid === account.gid ? mode >> 3 : mode
  }
  if ((bits(path) & 0o4) === 0) return false
  for (let at = statSync(path).isDirectory() ? path : dirname(path); ; at = dirname(at)) {
    if ((bits(at) & 0o1) === 0) return false
    if (at === dirname(at)) return true
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}

export function giveTo(account: Account, path: string): void {
  if (account !== undefined) chownSync(path, account.uid, account.gid)
}

/** Lets everyone pass through a folder of ours (its private files have modes of their own). */
export function openFolder(path: string): void {
  if (process.platform !== 'win32' && statSync(path).uid === process.getuid?.()) {
    chmodSync(path, (statSync(path).mode & 0o777) | 0o055)
  }
}
