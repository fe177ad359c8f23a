import type { Logger } from '../../observability/logger.ts'
import { withFolderLock } from './folder-lock.ts'
import { findServer, type RunningServer } from './server-process.ts'

const LOOK_MS = 1_000

/**
 * Starts the server again when it has died under us (killed, out of memory): nobody else would. Looking costs a file
 * read. Returns how to stop watching; resolves when no start is under way any more.
 */
export function keepRunning(
  place: { home: string; cluster: string; port: number; logger: Logger },
  start: () => Promise<RunningServer>,
): () => Promise<void> {
  const { home, cluster, port, logger } = place
  let stopped = false
  let starting: Promise<void> | undefined

  async function revive(): Promise<void> {
    logger.error('embedded PostgreSQL has died: starting it again')
    const server = await withFolderLock(home, async () =>
      stopped ? undefined : (findServer(cluster) ?? (await start())),
    )
    if (server && server.port !== port)
      logger.error({ port, now: server.port }, 'its port is taken: restart the service')
  }
  const timer = setInterval(() => {
    if (stopped || starting || findServer(cluster)) return
    starting = revive()
      .catch((error: unknown) => logger.error({ err: error }, 'embedded PostgreSQL did not start'))
      .finally(() => {
        starting = undefined
      })
  }, LOOK_MS)
  timer.unref()
  return async () => {
    stopped = true
    clearInterval(timer)
    await starting
  }
}
