/**
 * One declaration per kind of event: what it looks like, where it comes in, and what it starts. Intake, RabbitMQ's
 * queues, the routes and their documentation are made of a list of these; the platform knows none by name.
 */
import type { z } from 'zod'
import { EventAccepted } from '../contract/event.ts'
import type { AcceptedEvent } from '../contract/intake.ts'

/** What every event has: when it happened, ISO 8601. */
export interface TimedEvent {
  timestamp: string
}

export interface EventKind<Name extends string = string> {
  /** Kept with every event, and its address: `events/<name>`. Never rename. */
  readonly name: Name
  /** What happened, in a few words; for the documentation. */
  readonly summary: string
  readonly schema: z.ZodType<TimedEvent>
  /** The RabbitMQ queue it arrives in, and what binds that to the exchange. */
  readonly queue: string
  readonly routingKeys: readonly string[]
  /** Every flow that it may start or reserve. */
  readonly flows: readonly string[]
  /** Names of the flows it starts, in the order the answer lists their runs. Their parameters are the event. */
  starts(event: TimedEvent): readonly string[]
  /** Children that the first started flow will run first, in this order: the answer lists their runs instead of its own. */
  reserves(event: TimedEvent): readonly string[]
  /** The `message` of the answer that it was accepted. */
  message(event: TimedEvent): string
  readonly answer: EventAnswer
}

/** The body of the 202 that an accepted event is answered with. */
export interface EventAnswer {
  readonly schema: z.ZodType
  of(accepted: AcceptedEvent, message: string): object
}

/** The usual answer: every run, in order. */
export const runsListed: EventAnswer = {
  schema: EventAccepted,
  of: ({ eventId, runs }, message): EventAccepted => ({
    event_id: eventId,
    status: 'accepted',
    workflows_triggered: runs,
    message,
  }),
}

interface EventDeclaration<Name extends string, Event extends TimedEvent, Flow extends string> {
  name: Name
  summary: string
  schema: z.ZodType<Event>
  queue: string
  routingKeys: readonly string[]
  flows: readonly Flow[]
  /** Default: all of `flows`. */
  starts?(event: Event): readonly Flow[]
  /** Default: none. */
  reserves?(event: Event): readonly Flow[]
  message: string | ((event: Event) => string)
  /** Default: `runsListed`. */
  answer?: EventAnswer
}

/** Flows are named by their names: one that the service does not have is found at its start. */
export function defineEvent<Name extends string, Event extends TimedEvent, const Flow extends string>(
  declaration: EventDeclaration<Name, Event, Flow>,
): EventKind<Name> {
  const { message } = declaration
  return {
    starts: () => declaration.flows,
    reserves: () => [],
    answer: runsListed,
    ...declaration,
    message: (event) => (typeof message === 'string' ? message : message(event as Event)),
  }
}
