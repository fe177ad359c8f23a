import { setTimeout as sleep } from 'node:timers/promises'
import type { AsyncMessage, Channel, Connection } from 'rabbitmq-client'
import type { Intake } from '../../contract/intake.ts'
import type { Logger } from '../../observability/logger.ts'
import { openDeadLetters } from './dead-letters.ts'
import { type RetryDelay, settle } from './delivery.ts'
import { deliverRawBodies } from './raw-body.ts'
import { declareEventQueue, type EventQueue } from './topology.ts'

export interface SessionOptions {
  intake: Intake
  logger: Logger
  prefetch: number
  retryDelay: RetryDelay
  /** Aborted when the service closes. */
  signal: AbortSignal
}

/** Consuming one queue over one channel: a message can be acknowledged only on the channel that brought it. */
export interface ConsumerSession {
  /** Resolves when the channel is gone, for whatever reason. */
  ended: Promise<void>
  /** Takes no more, waits up to `graceMs` for what is being handled, closes the channel. Never throws. */
  close(graceMs: number): Promise<void>
}

/** Declares the queue and begins. Throws when the broker is away or refuses. */
export async function openSession(
  connection: Connection,
  names: EventQueue,
  options: SessionOptions,
): Promise<ConsumerSession> {
  const { logger, prefetch } = options
  await declareEventQueue(connection, names, logger)
  const channel = await connection.acquire({ emitErrorsFromChannel: true })
  const gone = new AbortController()
  const ended = new Promise<void>((resolve) => channel.once('close', resolve)).then(() => gone.abort())
  channel.on('error', (error) =>
    logger.warn({ queue: names.queue, err: error }, 'RabbitMQ closed the channel'),
  )
  channel.once('basic.cancel', () => {
    logger.warn({ queue: names.queue }, 'RabbitMQ cancelled the consumer (queue deleted?): starting over')
    void channel.close()
  })
  deliverRawBodies(channel)

  const deadLetters = openDeadLetters(connection, names, logger)
  const inHand = new Set<Promise<void>>()
  const context = {
    ...options,
    ...names,
    deadLetters,
    signal: AbortSignal.any([gone.signal, options.signal]),
  }
  const onMessage = (message: AsyncMessage) => {
    const handled = settle(message, context).then((done) => {
      if (done) acknowledge(channel, message)
      inHand.delete(handled)
    })
    inHand.add(handled)
  }
  try {
    await channel.basicQos({ prefetchCount: prefetch })
    const { consumerTag } = await channel.basicConsume({ queue: names.queue, noAck: false }, onMessage)
    logger.info({ queue: names.queue, prefetch }, 'Consuming')
    void ended.then(() => deadLetters.close()).catch(() => {})
    return { ended, close: (graceMs) => windDown({ channel, consumerTag, inHand, graceMs }) }
  } catch (error) {
    await channel.close()
    throw error
  }
}

/** On a lost channel there is nothing to acknowledge: the broker delivers again, and the intake knows the event. */
function acknowledge(channel: Channel, message: AsyncMessage): void {
  if (channel.active) channel.basicAck({ deliveryTag: message.deliveryTag })
}

interface WindingDown {
  channel: Channel
  consumerTag: string
  inHand: Set<Promise<void>>
  graceMs: number
}

async function windDown({ channel, consumerTag, inHand, graceMs }: WindingDown): Promise<void> {
  try {
    if (channel.active) await channel.basicCancel({ consumerTag })
  } catch {
    // The channel went first.
  }
  await Promise.race([Promise.all(inHand), sleep(graceMs, undefined, { ref: false })])
  await channel.close()
}
