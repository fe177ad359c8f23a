/** The Engine port: what `http`, `events` and `schedules` may ask for. Reading runs back is `db`'s. */
import type { AnyFlow, QueueName } from './flow.ts'

export interface StartRequest {
  runId: string
  flow: AnyFlow
  /** Already checked by the flow's schema. */
  parameters: unknown
  eventId?: string
  parentRunId?: string
  scheduledFor?: Date
  /** Lower runs first. */
  priority?: number
  idempotencyKey?: string
  /** Of the body first sent under `idempotencyKey`. */
  requestHash?: string
  /** The run that it was made from, with other parameters. */
  originRunId?: string
  createdBy?: string
  /** Default: its flow's. */
  queue?: QueueName | undefined
  /** W3C trace context of what asks for it. */
  traceparent?: string | undefined
  /** Not started yet: the flow of `parentRunId` will, as its child. Until then it is there to be asked about. */
  reserved?: boolean
}

export type CancelOutcome =
  | { kind: 'not_found' }
  | { kind: 'already_ended'; status: string }
  | { kind: 'cancelled' | 'cancelling'; previous: string; at: Date }

export type RetryOutcome =
  | { kind: 'not_found' }
  | { kind: 'not_failed'; status: string }
  /** An undo failed: only a person can say what is still in force. */
  | { kind: 'flagged'; reason: string }
  | { kind: 'retrying'; from: string | undefined }

export type SignalOutcome =
  | { kind: 'not_found' }
  | { kind: 'already_ended'; status: string }
  | { kind: 'delivered' }

export interface Engine {
  /** Commits the run before it resolves. A run id that exists already is left as it is. */
  start(request: StartRequest): Promise<{ runId: string; created: boolean }>
  cancel(runId: string): Promise<CancelOutcome>
  /** Again from the failed task under the same run id; completed tasks are not repeated. */
  retry(runId: string): Promise<RetryOutcome>
  signal(runId: string, signal: string, payload: unknown): Promise<SignalOutcome>
}
