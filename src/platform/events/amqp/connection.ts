import { Connection } from 'rabbitmq-client'
import type { Logger } from '../../observability/logger.ts'

/** Seconds a lost connection may stay away before it is a warning, and between two warnings. */
export interface LostConnection {
  warnAfterSeconds: number
  warnEverySeconds: number
}

/**
 * Connects, and reconnects, by itself. A broker that restarts is nothing to act on: a lost connection is a line at
 * info, and a warning only when it stays away, or when there was none from the start. `signal` ends the warnings.
 */
export function openConnection(
  url: string,
  logger: Logger,
  signal: AbortSignal,
  { warnAfterSeconds, warnEverySeconds }: LostConnection = { warnAfterSeconds: 30, warnEverySeconds: 60 },
): Connection {
  const connection = new Connection({
    url,
    connectionName: 'prefect-service consumer',
    retryLow: 200,
    retryHigh: 2_000,
    acquireTimeout: 20_000,
    // A dead connection is noticed after twice this long.
    heartbeat: 10,
    // Room for the field errors in the headers of a dead letter.
    frameMax: 131_072,
  })
  let wasConnected = false
  let lostAt: number | undefined
  let timer: NodeJS.Timeout | undefined

  function warnAgain(inSeconds: number): void {
    timer = setTimeout(() => {
      if (lostAt === undefined || signal.aborted) return
      const seconds = Math.round((Date.now() - lostAt) / 1000)
      logger.warn({ seconds }, 'RabbitMQ cannot be reached: retrying, no events come in')
      warnAgain(warnEverySeconds)
    }, inSeconds * 1000)
    timer.unref()
  }

  connection.on('error', (error: Error) => {
    if (lostAt !== undefined || signal.aborted) return
    lostAt = Date.now()
    const reason = error.message
    if (wasConnected) logger.info({ reason }, 'RabbitMQ connection lost: connecting again')
    else logger.warn({ reason }, 'RabbitMQ connection lost or refused: retrying')
    warnAgain(warnAfterSeconds)
  })
  connection.on('connection', () => {
    wasConnected = true
    lostAt = undefined
    clearTimeout(timer)
    logger.info('RabbitMQ connected')
  })
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  return connection
}
