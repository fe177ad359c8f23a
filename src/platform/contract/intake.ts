import type { StartedRun } from './event.ts'
import type { FieldError } from './problem.ts'

/** An event as it came in, before anything is known of it. */
export interface IncomingEvent {
  /** The name of one of the service's kinds. */
  kind: string
  source: 'http' | 'amqp'
  body: unknown
  /** The JSON that `body` was read from, for the audit trail; without it, as JavaScript writes `body`. */
  text?: string | undefined
  /** Idempotency-Key header or AMQP message_id; without one `event_id` in the body, else the body's own hash. */
  senderKey?: string | undefined
  /** API key name or queue name, for the audit trail. */
  receivedFrom?: string | undefined
}

/** The event and its runs are on disk. `replayed`: the same event was accepted before; nothing was started. */
export interface AcceptedEvent {
  eventId: string
  runs: StartedRun[]
  replayed: boolean
}

/** What `http` and the RabbitMQ consumers hand events to. */
export interface Intake {
  /** Throws EventRefused after writing a `rejected` row to the audit trail; any other error: not accepted, try again. */
  accept(event: IncomingEvent): Promise<AcceptedEvent>
  /** Something that is not even JSON, kept in the audit trail as text. Resolves with its event id when it is on disk. */
  reject(event: Omit<IncomingEvent, 'body' | 'text'> & { raw: string; reason: string }): Promise<string>
  /**
   * Starts the flows of a kept event anew, as a new event; with `corrected` in place of its body. Undefined: no such event.
   * Throws EventRefused, and keeps nothing of it.
   */
  replay(
    eventId: string,
    receivedFrom?: string,
    corrected?: { body: unknown },
  ): Promise<AcceptedEvent | undefined>
}

/** Of what identifies an event: its Idempotency-Key, message_id or `event_id`; in characters. */
export const LONGEST_EVENT_KEY = 500
/** Of what was refused before it was an event, as the audit trail keeps it; in characters. */
export const LONGEST_RAW = 10_000

/**
 * Why an event can never be accepted: the `code` of HTTP's problem, and RabbitMQ's `x-reason-code`. `unstorable_value`:
 * it holds text that PostgreSQL cannot, or is nested too deeply. `invalid_event`: it does not fit its schema.
 * `idempotency_conflict`: its key was used before with another body. `unprocessable`, of RabbitMQ alone: it was tried
 * often, and failed for a reason that is not its form.
 */
export type RefusalCode =
  | 'malformed_json'
  | 'body_too_large'
  | 'unstorable_value'
  | 'invalid_event'
  | 'idempotency_conflict'
  | 'unprocessable'
/** Those that take an event to be parsed. */
type EventRefusalCode = Exclude<RefusalCode, 'malformed_json' | 'body_too_large' | 'unprocessable'>

/** The event can never be accepted as it is. */
export class EventRefused extends Error {
  override readonly name = 'EventRefused'
  readonly code: EventRefusalCode
  readonly errors: FieldError[]
  /** Under which the audit trail has it. */
  readonly eventId: string | undefined
  constructor(code: EventRefusalCode, message: string, errors: FieldError[] = [], eventId?: string) {
    super(message)
    this.code = code
    this.errors = errors
    this.eventId = eventId
  }
}
