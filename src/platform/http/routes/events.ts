import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { BASE, EventPath } from '../../contract/api.ts'
import { EventList, EventListQuery, EventRecord } from '../../contract/event.ts'
import { writeJson } from '../../contract/json-text.ts'
import { findEvent, listEvents } from '../../events/event-list.ts'
import type { Sql } from '../../postgres/sql.ts'
import { answer, problems } from '../documented-answers.ts'
import { localInstant } from '../local-instant.ts'
import { eventNotFound } from '../problem.ts'

export interface EventDeps {
  database: Sql
  /** IANA name: times without an offset are read in it. */
  timezone: string
}

/** Reading the audit trail: its events, and one of them. */
export function addEventRoutes(app: FastifyInstance, deps: EventDeps): void {
  addList(app, deps)
  addOne(app, deps)
}

function addList(app: FastifyInstance, deps: EventDeps): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/events`,
    {
      config: { scope: 'read' },
      serializerCompiler: () => writeJson,
      schema: {
        operationId: 'listEvents',
        summary: 'The audit trail, newest first',
        tags: ['Events'],
        querystring: EventListQuery,
        response: { 200: answer(EventList, 'One page'), ...problems() },
      },
    },
    async ({ query }) => {
      const filter = {
        kinds: query.kind,
        statuses: query.status,
        subject: query.subject,
        receivedAfter: localInstant(query.received_after, deps.timezone, 'query.received_after'),
        receivedBefore: localInstant(query.received_before, deps.timezone, 'query.received_before'),
        search: query.q,
      }
      const { events, ...rest } = await listEvents(deps.database, filter, query)
      return { events, ...rest, limit: query.limit, offset: query.offset }
    },
  )
}

function addOne(app: FastifyInstance, deps: Pick<EventDeps, 'database'>): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/events/:id`,
    {
      config: { scope: 'read' },
      serializerCompiler: () => writeJson,
      schema: {
        operationId: 'getEvent',
        summary: 'One event as it came in',
        tags: ['Events'],
        params: EventPath,
        response: { 200: answer(EventRecord, 'The event'), ...problems(404) },
      },
    },
    async ({ params }) => {
      const event = await findEvent(deps.database, params.id)
      if (event === undefined) throw eventNotFound(params.id)
      return event
    },
  )
}
