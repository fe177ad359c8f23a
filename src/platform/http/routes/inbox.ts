import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { BASE } from '../../contract/api.ts'
import {
  ActionPath,
  Decision,
  DecisionList,
  DecisionQuery,
  EntryPath,
  InboxEntry,
  InboxList,
  InboxQuery,
  SettleRequest,
} from '../../contract/inbox.ts'
import { writeJson } from '../../contract/json-text.ts'
import type { Inbox } from '../../inbox/inbox.ts'
import { InboxRefusal } from '../../inbox/inbox-refusal.ts'
import { nearestNames } from '../../spelling.ts'
import { answer, problems } from '../documented-answers.ts'
import { HttpProblem, invalid, quoted } from '../problem.ts'

export interface InboxDeps {
  inbox: Inbox
}

/** What waits for a person, and settling it. */
export function addInboxRoutes(app: FastifyInstance, { inbox }: InboxDeps): void {
  addList(app, inbox)
  addDecisions(app, inbox)
  addOne(app, inbox)
  addSettle(app, inbox)
}

function addList(app: FastifyInstance, inbox: Inbox): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/inbox`,
    {
      config: { scope: 'read' },
      serializerCompiler: () => writeJson,
      schema: {
        operationId: 'listInbox',
        summary: 'Everything that waits for a person, newest first',
        tags: ['Inbox'],
        querystring: InboxQuery,
        response: { 200: answer(InboxList, 'One page'), ...problems() },
      },
    },
    async ({ query }) => {
      knownKinds(inbox, query.kind)
      const { kind: kinds, subject, who, overdue } = query
      const page = await inbox.list({ kinds, subject, who, overdue }, query)
      return { ...page, limit: query.limit, offset: query.offset }
    },
  )
}

function addDecisions(app: FastifyInstance, inbox: Inbox): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/inbox/decisions`,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listDecisions',
        summary: 'What people decided, newest first',
        tags: ['Inbox'],
        querystring: DecisionQuery,
        response: { 200: answer(DecisionList, 'One page'), ...problems() },
      },
    },
    async ({ query }) => {
      knownKinds(inbox, query.kind)
      const { kind: kinds, subject, decided_by: decidedBy } = query
      const page = await inbox.decisions({ kinds, subject, decidedBy }, query)
      return { ...page, limit: query.limit, offset: query.offset }
    },
  )
}

function addOne(app: FastifyInstance, inbox: Inbox): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/inbox/:id`,
    {
      config: { scope: 'read' },
      serializerCompiler: () => writeJson,
      schema: {
        operationId: 'getInboxEntry',
        summary: 'One open entry',
        tags: ['Inbox'],
        params: EntryPath,
        response: { 200: answer(InboxEntry, 'The entry'), ...problems(404) },
      },
    },
    async ({ params }) => inbox.find(params.id).catch(refused),
  )
}

function addSettle(app: FastifyInstance, inbox: Inbox): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    `${BASE}/inbox/:id/:action`,
    {
      config: { scope: 'workflows:write' },
      schema: {
        operationId: 'settleInboxEntry',
        summary: 'Settle an entry; the first one does, and the same again is answered as before',
        tags: ['Inbox'],
        params: ActionPath,
        body: SettleRequest.nullish(),
        response: {
          200: answer(Decision, 'It is settled, and this is on record'),
          ...problems(400, 404, 409, 413, 415),
        },
      },
    },
    async ({ params, body, caller }, reply) => {
      const { decision, repeated } = await inbox
        .settle({
          entryId: params.id,
          action: params.action,
          payload: body?.payload ?? null,
          note: body?.note ?? null,
          decidedBy: caller?.name ?? 'unknown',
          by: body?.by ?? null,
        })
        .catch(refused)
      if (repeated) reply.header('idempotent-replayed', 'true')
      return decision
    },
  )
}

/** A kind that is none would be an empty list. */
function knownKinds({ kinds }: Inbox, asked: readonly string[] | undefined): void {
  const wrong = asked?.find((kind) => !kinds.includes(kind))
  if (wrong === undefined) return
  const near = nearestNames(wrong, kinds).map(quoted)
  const hint = near.length === 0 ? '' : `, did you mean ${near.join(' or ')}?`
  throw invalid([{ path: 'query.kind', message: `is one of ${kinds.join(', ')}${hint}` }])
}

function refused(error: unknown): never {
  if (!(error instanceof InboxRefusal)) throw error
  const { code, message, errors, decision } = error
  const status = { entry_not_found: 404, unknown_action: 404, invalid_payload: 422 }[code as string] ?? 409
  throw new HttpProblem(status, code, message, {
    ...(errors.length > 0 ? { errors } : {}),
    ...(decision ? { decision: summaryOf(decision) } : {}),
  })
}

const summaryOf = ({ action, decided_by, by, decided_at }: Decision) => ({
  action,
  decided_by,
  by,
  decided_at,
})
