import { z } from 'zod'
import { type AcceptedEvent, EventRefused } from '../contract/intake.ts'
import { JsonText } from '../contract/json-text.ts'
import type { Sql } from '../postgres/sql.ts'
import { InboxRefusal } from './inbox-refusal.ts'
import { type Decider, type InboxSource, type SettleContext, settling } from './inbox-source.ts'

interface EventFacts {
  kind: string
  source: 'http' | 'amqp'
  reason: string | null
  errors: unknown
  received_from: string | null
  /** JSON, as it was sent; null when it was none: `raw`. */
  body: string | null
  raw: string | null
}

/** The intake's `replay` inside a transaction. Throws EventRefused. */
export type ReplayWithin = (
  sql: Sql,
  eventId: string,
  decider: Decider,
  corrected: { body: unknown } | undefined,
) => Promise<AcceptedEvent | undefined>

const Replay = z
  .strictObject({ body: z.unknown().meta({ description: 'Corrected; without: as it was sent' }) })
  .partial()
  .nullable()

/** `rejected_event`: refused over HTTP, or a message of RabbitMQ that became a dead letter. Nothing came of it. */
export function rejectedEvents(replay: ReplayWithin): InboxSource<EventFacts> {
  return {
    kind: 'rejected_event',
    open: () => ({
      from: 'prefect.unsettled_events u join prefect.events e on e.id = u.event_id',
      where: ['true'],
      ref: 'u.event_id',
      since: 'u.received_at',
      who: "'operations'",
      subjects: 'e.subjects',
      eventId: 'u.event_id',
      facts: `jsonb_build_object('kind', e.kind, 'source', e.source, 'reason', e.reason, 'errors', e.errors,
        'received_from', e.received_from, 'body', coalesce(e.body::text, e.payload::text), 'raw', e.raw)`,
    }),
    at: (ref, bind) => [`u.event_id = ${bind(ref)}`],
    describe: ({ facts: { body, raw, ...facts } }) => ({
      title: `An event of kind ${facts.kind} was refused`,
      details: { ...facts, payload: body === null ? raw : new JsonText(body) },
    }),
    actions: () => ({
      replay: settling({
        title: 'Take it in after all, as it is or corrected',
        input: Replay,
        settle: (context, payload) => again(replay, context, payload),
      }),
      dismiss: settling({
        title: 'It is not needed',
        async settle({ sql, entry }) {
          await settled(sql, entry.ref)
          return undefined
        },
      }),
    }),
  }
}

async function again(
  replay: ReplayWithin,
  { sql, entry, ...decider }: SettleContext<EventFacts>,
  payload: z.output<typeof Replay>,
) {
  const corrected = payload?.body === undefined ? undefined : { body: payload.body }
  const accepted = await replay(sql, entry.ref, decider, corrected).catch((error: unknown) => {
    if (!(error instanceof EventRefused)) throw error
    const errors = error.errors.map(({ path, message }) => ({ path: `body.payload.${path}`, message }))
    throw new InboxRefusal('invalid_payload', `${error.message} Send it corrected, as payload.body.`, {
      errors,
    })
  })
  if (!accepted) {
    const message = `This service takes no events of kind ${entry.facts.kind} any more.`
    throw new InboxRefusal('cannot_settle', message)
  }
  await settled(sql, entry.ref)
  return { event_id: accepted.eventId, workflows_triggered: accepted.runs }
}

const settled = (sql: Sql, eventId: string) =>
  sql.query('delete from prefect.unsettled_events where event_id = $1', [eventId])
