import { AMQPError, type Channel, type Connection } from 'rabbitmq-client'
import type { Logger } from '../../observability/logger.ts'
import type { EventKind } from '../define-event.ts'

/**
 * The names one event kind lives under; `prefix` keeps tests apart. What other services publish to, for example:
 *
 *   hotel.events (topic) ── attendance.# ──> attendance.events ── too many deliveries ──> hotel.events.dlx (direct)
 *                                                  │                                              │
 *                                                  └── refused by us, with the reason ──> attendance.events.dlq
 *
 * A queue may be bound by two words, the kind's and the queue's own.
 */
export interface EventQueue {
  kind: string
  exchange: string
  deadLetterExchange: string
  routingKeys: readonly string[]
  queue: string
  deadLetterQueue: string
}

/**
 * A quorum queue counts every return of an unacknowledged message: a requeue, a crash, but also each orderly close of
 * the consumer (measured on RabbitMQ 3.10), even for messages that were only prefetched. A broker closes a channel
 * that holds a message for 30 minutes as well (`consumer_timeout`). So a small limit would dead-letter good messages
 * after a few deployments, or in a database outage of an afternoon. What can never be accepted is dead-lettered by
 * the consumer itself, with its reason; this limit is only the last stop for a message that kills the process.
 * A thousand is 20 days of a database outage, or a thousand restarts in the middle of one.
 */
const DELIVERY_LIMIT = 1000

/** One per event kind. */
export function eventQueues(exchange: string, kinds: readonly EventKind[], prefix = ''): EventQueue[] {
  return kinds.map(({ name, queue, routingKeys }) => ({
    kind: name,
    exchange: `${prefix}${exchange}`,
    deadLetterExchange: `${prefix}${exchange}.dlx`,
    routingKeys,
    queue: `${prefix}${queue}`,
    deadLetterQueue: `${prefix}${queue}.dlq`,
  }))
}

/**
 * Declares everything one queue needs; repeatable. What already exists with other arguments is used as it is, and a
 * warning says so. Throws when the broker is away.
 */
export async function declareEventQueue(
  connection: Connection,
  names: EventQueue,
  logger: Logger,
): Promise<void> {
  const { exchange, deadLetterExchange, queue, routingKeys } = names
  const declare = (name: string, act: (channel: Channel) => Promise<unknown>) =>
    useAsItIs(connection, name, logger, act)

  await declare(exchange, (channel) => channel.exchangeDeclare({ exchange, type: 'topic', durable: true }))
  await declareDeadLetterQueue(connection, names, logger)
  await declare(queue, (channel) =>
    channel.queueDeclare({
      queue,
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        'x-delivery-limit': DELIVERY_LIMIT,
        'x-dead-letter-exchange': deadLetterExchange,
        'x-dead-letter-routing-key': queue,
        // At-least-once needs reject-publish: the broker keeps a message until the dead-letter queue has confirmed it.
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      },
    }),
  )
  for (const routingKey of routingKeys) {
    await declare(queue, (channel) => channel.queueBind({ queue, exchange, routingKey }))
  }
}

/** The dead-letter exchange, queue and binding of one event queue; repeatable. */
export async function declareDeadLetterQueue(
  connection: Connection,
  names: EventQueue,
  logger: Logger,
): Promise<void> {
  const { deadLetterExchange: exchange, deadLetterQueue: queue } = names
  await useAsItIs(connection, exchange, logger, (channel) =>
    channel.exchangeDeclare({ exchange, type: 'direct', durable: true }),
  )
  await useAsItIs(connection, queue, logger, (channel) =>
    channel.queueDeclare({ queue, durable: true, arguments: { 'x-queue-type': 'quorum' } }),
  )
  await useAsItIs(connection, queue, logger, (channel) =>
    channel.queueBind({ queue, exchange, routingKey: names.queue }),
  )
}

/** A refused declaration closes its channel, so each runs on one of its own. */
async function useAsItIs(
  connection: Connection,
  name: string,
  logger: Logger,
  act: (channel: Channel) => Promise<unknown>,
): Promise<void> {
  const channel = await connection.acquire()
  try {
    await act(channel)
  } catch (error) {
    if (!(error instanceof AMQPError)) throw error
    if (error.code === 'PRECONDITION_FAILED') {
      logger.warn({ name, err: error }, 'Exists on RabbitMQ with other arguments: used as it is')
    } else if (error.code === 'ACCESS_REFUSED') {
      logger.warn({ name, err: error }, 'Not allowed to declare this on RabbitMQ: taken to exist')
    } else {
      throw error
    }
  } finally {
    await channel.close()
  }
}
