import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { BASE, EventPath } from '../../contract/api.ts'
import { EventAccepted } from '../../contract/event.ts'
import {
  type AcceptedEvent,
  EventRefused,
  type Intake,
  LONGEST_EVENT_KEY,
  LONGEST_RAW,
  type RefusalCode,
} from '../../contract/intake.ts'
import { storable } from '../../contract/unstorable-text.ts'
import { type EventKind, runsListed, type TimedEvent } from '../../events/define-event.ts'
import { answer, problems } from '../documented-answers.ts'
import { sendProblem } from '../plugins/errors.ts'
import { eventNotFound, HttpProblem, invalid, problemOf } from '../problem.ts'

/** Refused before the intake saw the body. */
const NEVER_TAKEN_IN: ReadonlySet<string> = new Set<RefusalCode>(['malformed_json', 'unstorable_value'])

export interface EventIntakeDeps {
  intake: Intake
  /** Each has its address. */
  eventKinds: readonly EventKind[]
}

/** Events in: new ones, and kept ones once more. */
export function addEventIntakeRoutes(app: FastifyInstance, { intake, eventKinds }: EventIntakeDeps): void {
  for (const kind of eventKinds) addEvents(app, intake, kind)
  addReplay(app, intake)
}

function addEvents(app: FastifyInstance, intake: Intake, kind: EventKind): void {
  app.post(
    `${BASE}/events/${kind.name}`,
    {
      config: { scope: 'events:write' },
      // The intake checks the body, and keeps what it refuses; the schemas here only describe it.
      validatorCompiler: () => (value) => ({ value }),
      errorHandler: keepRefusedBody(intake, kind.name),
      schema: {
        operationId: operationId(kind.name),
        summary: kind.summary,
        description: describe(kind),
        tags: ['Events'],
        headers: z.object({
          'idempotency-key': z.string().max(LONGEST_EVENT_KEY).optional().meta({
            description: 'The same key with the same body is the same event: it is answered as before.',
          }),
        }),
        body: kind.schema,
        response: {
          202: answer(kind.answer.schema, 'The event and its runs are on disk'),
          ...problems(400, 409, 413, 415),
        },
      },
    },
    async (request, reply) => {
      const body = request.body ?? null
      const accepted = await refusable(() =>
        intake.accept({ ...comingFrom(request, kind.name), body, text: request.rawText }),
      )
      acknowledge(reply, accepted)
      return kind.answer.of(accepted, kind.message(body as TimedEvent))
    },
  )
}

/** Where else it comes in, and what becomes of it. */
function describe({ queue, routingKeys, flows }: EventKind): string {
  const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ')
  return `Also taken from the RabbitMQ queue ${code([queue])}, bound by ${code(routingKeys)}. Workflows: ${code(flows)}.`
}

/** `receiveRoomStatus` */
function operationId(kind: string): string {
  return `receive_${kind}`.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function addReplay(app: FastifyInstance, intake: Intake): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    `${BASE}/events/:id/replay`,
    {
      config: { scope: 'events:write' },
      schema: {
        operationId: 'replayEvent',
        summary: 'Start the workflows of a kept event anew, as a new event',
        tags: ['Events'],
        params: EventPath,
        response: {
          202: answer(EventAccepted, 'The new event and its runs are on disk'),
          ...problems(404, 409),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const accepted = await refusable(() => intake.replay(id, request.caller?.name))
      if (accepted === undefined) throw eventNotFound(id)
      acknowledge(reply, accepted)
      return reply.send(runsListed.of(accepted, `Event ${id} replayed`))
    },
  )
}

function comingFrom(request: FastifyRequest, kind: string) {
  const header = request.headers['idempotency-key']
  const senderKey = typeof header === 'string' && header !== '' ? header : undefined
  if (senderKey !== undefined && senderKey.length > LONGEST_EVENT_KEY) {
    throw invalid([
      { path: 'headers.idempotency-key', message: `must be at most ${LONGEST_EVENT_KEY} characters` },
    ])
  }
  return { kind, source: 'http' as const, senderKey, receivedFrom: request.caller?.name }
}

function acknowledge(reply: FastifyReply, accepted: AcceptedEvent): void {
  reply.code(202)
  if (accepted.replayed) reply.header('idempotent-replayed', 'true')
}

async function refusable<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof EventRefused)) throw error
    if (error.code === 'idempotency_conflict') throw new HttpProblem(409, error.code, error.message)
    const errors = error.errors.map(({ path, message }) => ({ path: inBody(path), message }))
    throw errors.length > 0 ? invalid(errors, error.code) : new HttpProblem(422, error.code, error.message)
  }
}

const inBody = (path: string) =>
  path === 'body' || path.startsWith('body.') ? path : `body${path && `.${path}`}`

/**
 * What never reached the intake because it is no JSON, or holds what the database cannot, is kept too. When that
 * fails the sender hears of that (503, try again), not of its own mistake.
 */
function keepRefusedBody(intake: Intake, kind: string) {
  return async (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const problem = problemOf(error)
    if (request.rawText === undefined || !NEVER_TAKEN_IN.has(problem.code))
      return sendProblem(error, request, reply)
    try {
      const raw = storable(request.rawText.slice(0, LONGEST_RAW))
      await intake.reject({ ...comingFrom(request, kind), raw, reason: storable(problem.message) })
    } catch (failure) {
      return sendProblem(failure, request, reply)
    }
    return sendProblem(error, request, reply)
  }
}
