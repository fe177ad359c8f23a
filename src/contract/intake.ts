import type { EventKind, StartedRun } from './event.ts'
import type { FieldError } from './problem.ts'

/** An event as it came in, before anything is known of it. */
export interface IncomingEvent {
  kind: EventKind
  source: 'http' | 'amqp'
  body: unknown
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
  /** Something that is not even JSON, kept in the audit trail as text. Resolves when it is on disk. */
  reject(event: Omit<IncomingEvent, 'body'> & { raw: string; reason: string }): Promise<void>
  /** Starts the flows of a kept event anew, as a new event. Undefined: no such event. */
  replay(eventId: string, receivedFrom?: string): Promise<AcceptedEvent | undefined>
}

/**
 * The event can never be accepted as it is. `invalid`: it does not fit its schema. `idempotency_conflict`: its key
 * was used before with another body.
 */
export class EventRefused extends Error {
  override readonly name = 'EventRefused'
  readonly code: 'invalid' | 'idempotency_conflict'
  readonly errors: FieldError[]
  constructor(code: 'invalid' | 'idempotency_conflict', message: string, errors: FieldError[] = []) {
    super(message)
    this.code = code
    this.errors = errors
  }
}
