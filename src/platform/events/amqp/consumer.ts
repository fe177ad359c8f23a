import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from 'rabbitmq-client'
import type { Queues } from '../../contract/health.ts'
import type { Intake } from '../../contract/intake.ts'
import type { Logger } from '../../observability/logger.ts'
import type { EventKind } from '../define-event.ts'
import { type LostConnection, openConnection } from './connection.ts'
import { delayMs, type RetryDelay } from './delivery.ts'
import { type ConsumerSession, openSession } from './session.ts'
import { type EventQueue, eventQueues } from './topology.ts'

export interface EventConsumers {
  /** Asks the broker, dead-letter queues included; empty while it is away, and without queues that do not exist. */
  depth(): Promise<Queues>
  /** True while every queue is being consumed. */
  connected(): boolean
  /**
   * Takes no more messages, lets those being written to the database finish and acknowledges them, then disconnects.
   * Messages held because the database is away go back to the queue. At most about 15 seconds; never throws.
   */
  close(): Promise<void>
}

export interface ConsumerOptions {
  /** `amqp://` or `amqps://` */
  url: string
  /** The topic exchange that events are published to. */
  exchange: string
  /** One queue each. */
  kinds: readonly EventKind[]
  intake: Intake
  logger: Logger
  /** Messages in hand per queue, all handled at the same time. */
  prefetch?: number
  /** Told every `depthIntervalSeconds` (15) while connected. */
  onDepth?: (depths: Queues) => void
  depthIntervalSeconds?: number
  /** Put before every exchange and queue name: keeps tests apart. */
  prefix?: string
  retryDelay?: RetryDelay
  /** Default: a warning after 30 seconds without the broker, and every minute. */
  lostConnection?: LostConnection
}

const RECONNECT: RetryDelay = { firstSeconds: 0.2, longestSeconds: 5 }
const GRACE_MS = 10_000
const GOODBYE_MS = 5_000

/**
 * Consumes every event queue into `intake`, acknowledging a message only when its event is on disk. Returns at once,
 * also when the broker is away: connects, and reconnects, by itself. Throws only on a malformed `url`.
 */
export async function startConsumers(options: ConsumerOptions): Promise<EventConsumers> {
  const { logger } = options
  const queues = eventQueues(options.exchange, options.kinds, options.prefix)
  const life = new AbortController()
  const connection = openConnection(options.url, logger, life.signal, options.lostConnection)
  const sessions = new Map<string, ConsumerSession>()
  const loops = queues.map((names) =>
    keepConsuming(names, { connection, options, sessions, signal: life.signal }),
  )
  const depth = () => readDepths(connection, queues)
  const sampler = sampleDepths(options, connection, depth)

  return {
    depth,
    connected: () => connection.ready && sessions.size === queues.length,
    async close() {
      clearInterval(sampler)
      life.abort()
      await Promise.race([
        Promise.all([...sessions.values()].map((session) => session.close(GRACE_MS))),
        sleep(GRACE_MS, undefined, { ref: false }),
      ])
      await Promise.race([connection.close(), sleep(GOODBYE_MS, undefined, { ref: false })]).catch(() => {})
      // Whatever is still open goes back to the broker with the socket.
      connection.unsafeDestroy()
      await Promise.all(loops)
    },
  }
}

interface Keeping {
  connection: Connection
  options: ConsumerOptions
  sessions: Map<string, ConsumerSession>
  signal: AbortSignal
}

/** One session after another until closed: each lasts as long as its channel. */
async function keepConsuming(
  names: EventQueue,
  { connection, options, sessions, signal }: Keeping,
): Promise<void> {
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      const session = await openSession(connection, names, {
        intake: options.intake,
        logger: options.logger,
        prefetch: options.prefetch ?? 100,
        retryDelay: options.retryDelay ?? { firstSeconds: 0.2, longestSeconds: 5 },
        signal,
      })
      failures = 0
      sessions.set(names.queue, session)
      await session.ended
      sessions.delete(names.queue)
    } catch (error) {
      if (signal.aborted) return
      // Without a connection there is nothing to say of one queue.
      const level = connection.ready ? 'warn' : 'debug'
      options.logger[level]({ queue: names.queue, err: error }, 'Not consuming yet: retrying')
    }
    await sleep(delayMs(RECONNECT, failures + 1), undefined, { signal }).catch(() => {})
  }
}

async function readDepths(connection: Connection, queues: EventQueue[]): Promise<Queues> {
  const depths: Queues = {}
  for (const queue of queues.flatMap((names) => [names.queue, names.deadLetterQueue])) {
    if (!connection.ready) return {}
    try {
      const { messageCount, consumerCount } = await connection.queueDeclare({ queue, passive: true })
      depths[queue] = { messages: messageCount, consumers: consumerCount }
    } catch {
      // Not there, or the broker went away while asking: no number is better than a wrong one.
    }
  }
  return depths
}

function sampleDepths(
  { onDepth, depthIntervalSeconds = 15, logger }: ConsumerOptions,
  connection: Connection,
  depth: () => Promise<Queues>,
): NodeJS.Timeout | undefined {
  if (onDepth === undefined) return undefined
  const timer = setInterval(() => {
    if (!connection.ready) return
    depth()
      .then(onDepth)
      .catch((error: unknown) => logger.warn({ err: error }, 'Queue depths not read'))
  }, depthIntervalSeconds * 1000)
  return timer.unref()
}
