/** A database whose disk is full answers, and takes nothing: what cannot be seen by asking it something. */
import type { Logger } from '../observability/logger.ts'
import { isDiskFull } from './outage.ts'
import type { Database } from './pool.ts'

export interface DiskSpace {
  /** The SQLSTATE of every error that the server sends us. */
  noticed(code: string | undefined): void
  /** Whether nothing can be written. Asks the database only while it was said to be full. Rejects when it is away. */
  isFull(database: Database): Promise<boolean>
}

const DISK_FULL = '53100'
const LINE_EVERY_MS = 60_000
/** A new file of 1 MB: rows that are neither compressed nor kept elsewhere, four to a page. Gone with its transaction. */
const PROBE = `create temporary table prefect_disk_space on commit drop as
  select repeat('x', 1900) as filler from generate_series(1, 512)`

/** Says so once a minute, for everyone to whom it happens: their own log lines about it are left out (`createLogger`). */
export function watchDiskSpace(logger: Logger): DiskSpace {
  let full = false
  let refused = 0
  let nextLine = 0
  let looking: Promise<boolean> | undefined

  async function look(database: Database): Promise<boolean> {
    try {
      await database.transaction((sql) => sql.query(PROBE))
    } catch (error) {
      if (isDiskFull(error)) return true
      throw error
    }
    full = false
    nextLine = 0
    logger.warn('the disk of the database has space again')
    return false
  }

  return {
    noticed(code) {
      if (code !== DISK_FULL) return
      full = true
      refused += 1
      if (performance.now() < nextLine) return
      logger.error(
        { refused },
        'the disk of the database is full: nothing can be written until there is space',
      )
      nextLine = performance.now() + LINE_EVERY_MS
      refused = 0
    },
    async isFull(database) {
      if (!full) return false
      looking ??= look(database).finally(() => {
        looking = undefined
      })
      return looking
    },
  }
}
