/**
 * Intake: an event becomes an audit row and its runs in one commit, and only then is it answered. Events that arrive
 * together share a commit (`intake-batches.ts`), which is what makes a durable answer cheap.
 */
import {
  type AcceptedEvent,
  EventRefused,
  type Intake,
  LONGEST_EVENT_KEY,
  LONGEST_RAW,
} from '../contract/intake.ts'
import { type FieldError, fieldErrors } from '../contract/problem.ts'
import { isDeep, isUnstorable, storable, tooDeep, unstorableFields } from '../contract/unstorable-text.ts'
import type { StartRequest } from '../engine/engine.ts'
import type { AnyFlow } from '../engine/flow.ts'
import { bodyHash, childRunId, eventIdFor, runIdFor } from '../engine/ids.ts'
import { currentTraceparent } from '../observability/spans.ts'
import type { Sql } from '../postgres/sql.ts'
import { toInstant } from '../time/local-time.ts'
import type { EventKind, TimedEvent } from './define-event.ts'
import { acceptedRow, newEventId, rejectedRow, type WrittenEvent } from './event-rows.ts'
import { findBody, insertEvents, type NewEvent } from './event-writes.ts'
import type { IntakeBatches } from './intake-batches.ts'

const AHEAD_MS = 86_400_000

export interface IntakeDeps {
  sql: Sql
  batches: IntakeBatches
  kinds: readonly EventKind[]
  flows: ReadonlyMap<string, AnyFlow>
  /** IANA name: event times without an offset are read in it. */
  timezone: string
  /** Default: this machine's clock. */
  now?: (() => Date) | undefined
  onEvent: (kind: string, status: 'accepted' | 'rejected' | 'replayed') => void
}

/** Throws at once when a kind of event names a flow that does not exist. */
export function createIntake(deps: IntakeDeps): Intake {
  for (const kind of deps.kinds) for (const name of kind.flows) flowNamed(deps, name, kind)
  const kinds = new Map(deps.kinds.map((kind) => [kind.name, kind]))

  return {
    async accept(incoming) {
      const { body, text = written(body) } = incoming
      const kind = kinds.get(incoming.kind)
      if (!kind) throw new Error(`There is no kind of event named ${incoming.kind}.`)
      const event = await parsed(deps, kind, { ...incoming, text })
      const senderKey = incoming.senderKey ?? eventIdIn(body)
      const hash = bodyHash(body)
      const id = eventIdFor(kind.name, senderKey ?? `body:${hash}`)
      const row = {
        ...acceptedRow({ ...incoming, text }, id, event),
        sender_key: senderKey ?? null,
        body_hash: hash,
      }
      return commit(deps, kind, row, event).catch((error: unknown) =>
        keepConflict(deps, { ...incoming, text }, error),
      )
    },

    async reject({ raw, reason, ...incoming }) {
      const row = rejectedRow(incoming)
      await insertEvents(deps.sql, [{ ...row, reason, raw: storable(raw.slice(0, LONGEST_RAW)) }])
      deps.onEvent(incoming.kind, 'rejected')
      return row.id
    },

    async replay(eventId, receivedFrom, corrected) {
      const kept = await findBody(deps.sql, eventId)
      const kind = kept && kinds.get(kept.kind)
      if (!kind) return undefined
      const incoming = { kind: kind.name, source: 'replay', receivedFrom } as const
      const text = corrected ? written(corrected.body) : (kept.body ?? 'null')
      const event = read(deps, kind, JSON.parse(text), text)
      if ('errors' in event) throw refused(event)
      const row = acceptedRow({ ...incoming, text }, newEventId(), event.value)
      return commit(deps, kind, { ...row, replay_of: eventId }, event.value)
    },
  }
}

async function commit(
  deps: IntakeDeps,
  kind: EventKind,
  row: NewEvent,
  event: TimedEvent,
): Promise<AcceptedEvent> {
  const requests = requestsOf(deps, kind, row, event)
  const reserved = requests.filter((request) => request.reserved)
  row.runs = (reserved.length > 0 ? reserved : requests).map(({ runId, flow }) => ({
    workflow: flow.name,
    flow_run_id: runId,
  }))
  row.subjects = [...new Set(requests.flatMap(({ flow }) => flow.subjects(event)))]
  const accepted = await deps.batches.add({ row, requests })
  deps.onEvent(row.kind, accepted.replayed ? 'replayed' : 'accepted')
  return accepted
}

/** The runs an event starts, and those that it reserves: the first steps of the one that it starts. */
function requestsOf(deps: IntakeDeps, kind: EventKind, row: NewEvent, event: TimedEvent): StartRequest[] {
  const about = { parameters: event, eventId: row.id, traceparent: currentTraceparent() }
  const requests = kind.starts(event).map((name): StartRequest => {
    const flow = flowNamed(deps, name, kind)
    return { runId: runIdFor('event', row.id, name), flow, ...about }
  })
  const parentRunId = requests[0]?.runId ?? ''
  return requests.concat(
    kind.reserves(event).map((name, step) => {
      const flow = flowNamed(deps, name, kind)
      const runId = childRunId(parentRunId, 0, step)
      return { runId, flow, ...about, parentRunId, reserved: true }
    }),
  )
}

/** The event by its schema, its time an instant; a bad one leaves a row in the audit trail first. */
async function parsed(deps: IntakeDeps, kind: EventKind, incoming: WrittenEvent) {
  const { senderKey, body, text } = incoming
  const event = badKey(senderKey) ?? read(deps, kind, body, text)
  if (!('errors' in event)) return event.value
  const row = rejectedRow(incoming)
  const refusal = refused(event, row.id)
  const kept =
    unstorable(body, text).length > 0 ? { raw: storable(text.slice(0, LONGEST_RAW)) } : { body: text }
  await insertEvents(deps.sql, [{ ...row, reason: refusal.message, errors: event.errors, ...kept }])
  deps.onEvent(incoming.kind, 'rejected')
  throw refusal
}

/** Of a body whose text did not come with it. */
function written(body: unknown): string {
  try {
    return JSON.stringify(body) ?? 'null'
  } catch {
    return '"(nested too deeply to be written down)"'
  }
}

/** What the value holds, and what only its text does: of two members of one name the value has the second alone. */
function unstorable(body: unknown, text: string): FieldError[] {
  const errors = unstorableFields(body, 'body')
  return errors.length === 0 && isDeep(text) ? [tooDeep('body')] : errors
}

function read(deps: IntakeDeps, kind: EventKind, body: unknown, text: string): Unfit | { value: TimedEvent } {
  const errors = unstorable(body, text)
  if (errors.length > 0) return { code: 'unstorable_value', errors }
  const result = kind.schema.safeParse(body)
  if (!result.success) return unfit(fieldErrors(result.error, 'body'))
  const at = toInstant(result.data.timestamp, deps.timezone)
  // A sender's clock that runs ahead would make its word the newest for as long: rooms and bookings go by event time.
  if (at.getTime() > (deps.now?.().getTime() ?? Date.now()) + AHEAD_MS) {
    const message = 'must not be more than a day ahead: is the clock of the sender right?'
    return unfit([{ path: 'body.timestamp', message }])
  }
  return { value: { ...result.data, timestamp: at.toISOString() } }
}

function badKey(key: string | undefined): Unfit | undefined {
  const isGood = key === undefined || (key.length <= LONGEST_EVENT_KEY && !isUnstorable(key))
  const message = `must be at most ${LONGEST_EVENT_KEY} ordinary characters`
  return isGood ? undefined : unfit([{ path: 'idempotency_key', message }])
}

/** Nothing that was sent is dropped in silence: a changed body under a used key is kept as rejected. */
async function keepConflict(deps: IntakeDeps, incoming: WrittenEvent, error: unknown): Promise<never> {
  if (!(error instanceof EventRefused)) throw error
  const { code, message, errors } = error
  const row = { ...rejectedRow(incoming), reason: message, body: incoming.text }
  await insertEvents(deps.sql, [row])
  deps.onEvent(incoming.kind, 'rejected')
  throw new EventRefused(code, message, errors, row.id)
}

interface Unfit {
  code: 'invalid_event' | 'unstorable_value'
  errors: FieldError[]
}

const unfit = (errors: FieldError[]): Unfit => ({ code: 'invalid_event', errors })

function refused({ code, errors }: Unfit, eventId?: string): EventRefused {
  const named = errors.map(({ path, message }) => `${path}: ${message}`).join('; ')
  const reason = storable(`The event does not fit its schema. ${named}`.slice(0, 2_000))
  return new EventRefused(code, reason, errors, eventId)
}

/** A sender without Idempotency-Key or message_id may name its event in the body. */
function eventIdIn(body: unknown): string | undefined {
  const id = (body as { event_id?: unknown } | null)?.event_id
  return typeof id === 'string' && id !== '' && id.length <= LONGEST_EVENT_KEY ? id : undefined
}

function flowNamed(deps: IntakeDeps, name: string, kind: EventKind): AnyFlow {
  const flow = deps.flows.get(name)
  if (!flow) throw new Error(`The event ${kind.name} starts ${name}, which is no flow of this service.`)
  return flow
}
