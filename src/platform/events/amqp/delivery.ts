import { setTimeout as sleep } from 'node:timers/promises'
import type { AsyncMessage } from 'rabbitmq-client'
import { EventRefused, type Intake, type RefusalCode } from '../../contract/intake.ts'
import { readJson } from '../../contract/json-body.ts'
import type { Logger } from '../../observability/logger.ts'
import { inSpan } from '../../observability/spans.ts'
import { isOutage } from '../../postgres/outage.ts'
import type { DeadLetters, Refusal } from './dead-letters.ts'
import { bodyBytes } from './raw-body.ts'

/** Seconds between tries while the database or the dead-letter queue is away; doubles from first to longest. */
export interface RetryDelay {
  firstSeconds: number
  longestSeconds: number
}

export interface DeliveryContext {
  kind: string
  queue: string
  intake: Intake
  deadLetters: DeadLetters
  logger: Logger
  retryDelay: RetryDelay
  /** Ends waiting: the message belongs to the broker again. */
  signal: AbortSignal
}

/** Larger than any event; the HTTP intake refuses the same size. */
const LARGEST_BODY_BYTES = 1024 * 1024
/** Of what is no outage: a deadlock passes, a message that the database cannot store does not. */
const TRIES = 5
const UNPROCESSABLE =
  'It could not be taken in, for a reason that is not its form: see the log of the service.'
const LONGEST_KEPT_BYTES = 64 * 1024

/**
 * One message from the queue to the disk.
 *
 *   parse ──┬─ event ──── accept ──┬─ on disk ──────────────────────────────> true: acknowledge
 *           │                      └─ refused ─┐
 *           └─ not JSON ─ reject ──────────────┴─ dead-letter queue has it ─> true: acknowledge
 *
 * While the database is away the message is held and tried again here: giving it back to the broker would count as a
 * delivery. What fails otherwise, again and again, is dead-lettered too: it must not hold a place for ever.
 * Resolves false when the signal ended the waiting: leave the message unacknowledged. Never throws.
 */
export function settle(message: AsyncMessage, context: DeliveryContext): Promise<boolean> {
  const { traceparent } = (message.headers ?? {}) as { traceparent?: unknown }
  const span = {
    name: `${context.queue} process`,
    kind: 'consumer' as const,
    attributes: { 'messaging.system': 'rabbitmq', 'messaging.destination.name': context.queue },
    within: { traceparent: typeof traceparent === 'string' ? traceparent : undefined },
  }
  return inSpan(span, () => settled(message, context))
}

async function settled(message: AsyncMessage, context: DeliveryContext): Promise<boolean> {
  try {
    const refusal = await persist(
      () => offer(message, context),
      message,
      context,
      'Event not taken in yet: held',
      {
        tries: TRIES,
        after: (): Refusal => ({ code: 'unprocessable', reason: UNPROCESSABLE, errors: [] }),
      },
    )
    if (refusal === undefined) return true
    await persist(
      () => context.deadLetters.publish(message, refusal),
      message,
      context,
      'Not dead-lettered yet: held',
    )
    context.logger.warn({ ...about(message, context), ...logged(refusal) }, 'Event refused and dead-lettered')
    return true
  } catch (error) {
    if (!context.signal.aborted)
      context.logger.error({ ...about(message, context), err: error }, 'Delivery abandoned')
    return false
  }
}

/** What finds the message again: in the queue, and at its sender. */
const about = ({ messageId }: AsyncMessage, { queue }: DeliveryContext) => ({ queue, message_id: messageId })
/** And in the audit trail. */
const logged = ({ code, eventId }: Refusal) => ({ code, event_id: eventId })

async function offer(
  message: AsyncMessage,
  { kind, queue, intake }: DeliveryContext,
): Promise<Refusal | undefined> {
  const origin = {
    kind,
    source: 'amqp',
    senderKey: message.messageId || undefined,
    receivedFrom: queue,
  } as const
  const bytes = bodyBytes(message)
  const read = parse(bytes)
  if ('reason' in read) {
    const eventId = await intake.reject({ ...origin, raw: read.text, reason: read.reason })
    return { code: read.code, reason: read.reason, errors: [], eventId }
  }
  try {
    await intake.accept({ ...origin, body: read.value, text: read.text })
    return undefined
  } catch (error) {
    if (!(error instanceof EventRefused)) throw error
    return { code: error.code, reason: error.message, errors: error.errors, eventId: error.eventId }
  }
}

function parse(
  bytes: Buffer,
): { text: string } & ({ value: unknown } | { code: RefusalCode; reason: string }) {
  if (bytes.byteLength > LARGEST_BODY_BYTES) {
    const text = bytes.subarray(0, LONGEST_KEPT_BYTES).toString('utf8')
    return { text, code: 'body_too_large', reason: 'The body is larger than 1 MiB.' }
  }
  const read = readJson(bytes)
  return 'reason' in read ? { ...read, code: 'malformed_json' } : read
}

/**
 * Runs `act` until it succeeds; rejects only when the signal ends the waiting. With `last`, what is no outage is tried so
 * often, and then answered by `after`.
 */
async function persist<Result>(
  act: () => Promise<Result>,
  message: AsyncMessage,
  context: DeliveryContext,
  trouble: string,
  last?: { tries: number; after: () => Result },
): Promise<Result> {
  const { retryDelay, signal, logger } = context
  const where = about(message, context)
  for (let attempt = 1; ; attempt++) {
    try {
      return await act()
    } catch (error) {
      if (attempt === 1 || attempt % 10 === 0) logger.warn({ ...where, attempt, err: error }, trouble)
      if (last && attempt >= last.tries && !isOutage(error)) {
        logger.error({ ...where, err: error }, 'Event cannot be taken in: dead-lettered')
        return last.after()
      }
    }
    await sleep(delayMs(retryDelay, attempt), undefined, { signal })
  }
}

/** Between half and all of the doubled delay, so that held messages do not come back all at once. */
export function delayMs({ firstSeconds, longestSeconds }: RetryDelay, attempt: number): number {
  const seconds = Math.min(longestSeconds, firstSeconds * 2 ** Math.min(attempt - 1, 30))
  return seconds * 1000 * (0.5 + Math.random() / 2)
}
