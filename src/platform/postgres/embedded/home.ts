/**
 * Where a data folder's files are. Normally in the folder itself; but when this process is root and the folder lies
 * where the server's account may not go (/root is closed to others), they are under /var/lib and the folder says where.
 */
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import type { Logger } from '../../observability/logger.ts'
import { canReach, openFolder, serverAccount } from './account.ts'

const ELSEWHERE = '/var/lib/prefect-service'
const POINTER = 'location.txt'

/** Creates the folder when missing. @returns the real path of the folder that holds cluster, settings and users. */
export function openHome(dataDir: string, logger: Logger): string {
  mkdirSync(resolve(dataDir), { recursive: true })
  const folder = realpathSync(dataDir)
  const pointer = join(folder, POINTER)
  if (existsSync(pointer)) return openElsewhere(pointer)
  const account = serverAccount()
  if (account !== undefined) openFolder(folder)
  if (existsSync(join(folder, 'cluster')) || canReach(account, folder)) return folder
  claim(pointer, `${ELSEWHERE}/${randomBytes(8).toString('hex')}\n`)
  const home = openElsewhere(pointer)
  logger.warn(
    { data_dir: folder, home },
    'the database server may not enter the data folder; its files go elsewhere',
  )
  return home
}

/** A new data folder means a new database: the name is the pointer's, not derived from the path. */
function openElsewhere(pointer: string): string {
  const home = readFileSync(pointer, 'utf8').trim()
  mkdirSync(home, { recursive: true })
  for (const path of [ELSEWHERE, home]) if (existsSync(path)) openFolder(path)
  return home
}

/** Of several processes that start at once, the first decides. */
function claim(path: string, text: string): void {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  writeFileSync(draft, text)
  try {
    linkSync(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
}
