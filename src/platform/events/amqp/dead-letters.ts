import { randomUUID } from 'node:crypto'
import { AMQPError, type AsyncMessage, type Connection, type Envelope } from 'rabbitmq-client'
import type { RefusalCode } from '../../contract/intake.ts'
import type { FieldError } from '../../contract/problem.ts'
import type { Logger } from '../../observability/logger.ts'
import { bodyBytes, contentEncoding } from './raw-body.ts'
import { declareDeadLetterQueue, type EventQueue } from './topology.ts'

/** Why a message can never be accepted: a sentence, a stable code, and the fields that are wrong. */
export interface Refusal {
  code: RefusalCode
  reason: string
  errors: FieldError[]
  /** Under which the audit trail has it; what could not be taken in at all is not there. */
  eventId?: string | undefined
}

export interface DeadLetters {
  /** Resolves when the broker has the message in the dead-letter queue; throws otherwise: try again. */
  publish(message: AsyncMessage, refusal: Refusal): Promise<void>
  close(): Promise<void>
}

/** Headers must fit one frame of 128 KiB together with the sender's own. */
const LONGEST_ERRORS = 16_000
const LONGEST_REASON = 1_000

/** Headers that would send copies elsewhere, back into the queue the message came from among others. */
const ROUTING_HEADERS = ['CC', 'BCC']

/** On a channel of its own, which opens at the first message. `names`: where dead letters of that queue go. */
export function openDeadLetters(connection: Connection, names: EventQueue, logger: Logger): DeadLetters {
  const publisher = connection.createPublisher({ confirm: true })
  const returned = new Set<unknown>()
  publisher.on('basic.return', (message) => returned.add(message.headers?.['x-dead-letter-id']))

  async function send(envelope: Envelope, body: Buffer, id: string): Promise<void> {
    await publisher.send(envelope, body)
    // A message without a queue is confirmed as well, just after it was returned: let the return be heard first.
    await new Promise((resolve) => setImmediate(resolve))
    if (!returned.delete(id)) return
    await declareDeadLetterQueue(connection, names, logger)
    throw new Error(`The dead-letter queue ${names.deadLetterQueue} was missing.`)
  }

  return {
    async publish(message, refusal) {
      const id = randomUUID()
      const body = bodyBytes(message)
      const reason = { ...reasonHeaders(refusal, names.queue), 'x-dead-letter-id': id }
      const envelope = keptProperties(message, names.deadLetterQueue)
      try {
        await send({ ...envelope, headers: { ...keptHeaders(message), ...reason } }, body, id)
      } catch (error) {
        if (error instanceof AMQPError && error.code !== 'CODEC') throw error
        // What the sender said leaves no room for our words, or cannot be said again: the reason matters more.
        const { routingKey, durable, mandatory, messageId } = envelope
        const named = messageId === undefined ? {} : { messageId }
        await send({ routingKey, durable, mandatory, ...named, headers: reason } as Envelope, body, id)
      }
    },
    close: () => publisher.close(),
  }
}

function reasonHeaders(refusal: Refusal, queue: string): Record<string, string> {
  return {
    'x-reason': refusal.reason.slice(0, LONGEST_REASON),
    'x-reason-code': refusal.code,
    'x-errors': errorsThatFit(refusal.errors),
    'x-original-queue': queue,
    ...(refusal.eventId === undefined ? {} : { 'x-event-id': refusal.eventId }),
  }
}

/** As many as fit: cut in the middle it would not be JSON any more. The audit trail has the whole list. */
function errorsThatFit(errors: FieldError[]): string {
  const json = JSON.stringify(errors)
  return json.length <= LONGEST_ERRORS ? json : errorsThatFit(errors.slice(0, Math.floor(errors.length / 2)))
}

function keptHeaders(message: AsyncMessage): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(message.headers ?? {}).filter(([name]) => !ROUTING_HEADERS.includes(name)),
  )
}

/**
 * What the sender said about the message, without `expiration` (it would vanish from the dead-letter queue) and
 * `user_id` (the broker accepts only our own).
 */
function keptProperties(message: AsyncMessage, queue: string): Envelope {
  const { contentType, correlationId, replyTo, messageId, timestamp, type, appId, priority } = message
  // A time before 1970 arrives as a number that no message can carry.
  const at = Number.isSafeInteger(timestamp) ? timestamp : undefined
  const given = { contentType, correlationId, replyTo, messageId, timestamp: at, type, appId, priority }
  return {
    ...(Object.fromEntries(
      Object.entries({ ...given, contentEncoding: contentEncoding(message) }).filter(
        ([, value]) => value !== undefined,
      ),
    ) as Envelope),
    routingKey: queue,
    durable: true,
    mandatory: true,
  }
}
