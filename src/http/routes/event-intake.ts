import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { BASE, EventPath } from '../../contract/api.ts'
import { AttendanceAccepted, AttendanceEvent, type EventKind, EventReplayed } from '../../contract/event.ts'
import { storable } from '../../contract/hostile-text.ts'
import { type AcceptedEvent, EventRefused, type Intake } from '../../contract/intake.ts'
import type { HttpDeps } from '../deps.ts'
import { answer, problems } from '../documented-answers.ts'
import { sendProblem } from '../plugins/errors.ts'
import { eventNotFound, HttpProblem, invalid, problemOf } from '../problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What comes in at this route: what cannot even be read is kept in the audit trail as this kind. */
    eventKind?: EventKind
  }
}

const LONGEST_KEY = 500
const RAW_KEPT = 10_000
/** Refused before the intake saw the body. */
const NEVER_TAKEN_IN: ReadonlySet<string> = new Set(['malformed_json', 'unstorable_value'])

/** Events in: new ones, and kept ones once more. */
export function addEventIntakeRoutes(app: FastifyInstance, deps: HttpDeps): void {
  addAttendance(app, deps)
  addReplay(app, deps)
}

function addAttendance(app: FastifyInstance, deps: HttpDeps): void {
  app.post(
    `${BASE}/events/attendance`,
    {
      config: { scope: 'events:write', eventKind: 'attendance' },
      // The intake checks the body, and keeps what it refuses; the schemas here only describe it.
      validatorCompiler: () => (value) => ({ value }),
      errorHandler: keepRefusedBody(deps.intake),
      schema: {
        operationId: 'receiveAttendance',
        summary: 'A face recognised at a staff door',
        tags: ['Events'],
        headers: z.object({
          'idempotency-key': z.string().max(LONGEST_KEY).optional().meta({
            description: 'The same key with the same body is the same event: it is answered as before.',
          }),
        }),
        body: AttendanceEvent,
        response: {
          202: answer(AttendanceAccepted, 'The event and its run are on disk'),
          ...problems(400, 409, 413, 415),
        },
      },
    },
    async (request, reply): Promise<AttendanceAccepted> => {
      const accepted = await refusable(() =>
        deps.intake.accept({ ...comingFrom(request), body: request.body ?? null }),
      )
      const run = accepted.runs[0]
      if (run === undefined) throw new Error(`The event ${accepted.eventId} was accepted without a run.`)
      announce(reply, accepted)
      return {
        event_id: accepted.eventId,
        status: 'accepted',
        workflow_triggered: run.workflow,
        flow_run_id: run.flow_run_id,
        message: 'Attendance event received and workflow triggered',
      }
    },
  )
}

function addReplay(app: FastifyInstance, deps: HttpDeps): void {
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
          202: answer(EventReplayed, 'The new event and its runs are on disk'),
          ...problems(404, 409),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const accepted = await refusable(() => deps.intake.replay(id, request.caller?.name))
      if (accepted === undefined) throw eventNotFound(id)
      announce(reply, accepted)
      return reply.send({
        event_id: accepted.eventId,
        status: 'accepted',
        workflows_triggered: accepted.runs,
        message: `Event ${id} replayed`,
      })
    },
  )
}

function comingFrom(request: FastifyRequest) {
  const kind = request.routeOptions.config.eventKind ?? 'attendance'
  const header = request.headers['idempotency-key']
  const senderKey = typeof header === 'string' && header !== '' ? header : undefined
  if (senderKey !== undefined && senderKey.length > LONGEST_KEY) {
    throw invalid([{ path: 'headers.idempotency-key', message: `must be at most ${LONGEST_KEY} characters` }])
  }
  return { kind, source: 'http' as const, senderKey, receivedFrom: request.caller?.name }
}

function announce(reply: FastifyReply, accepted: AcceptedEvent): void {
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
    throw errors.length > 0
      ? invalid(errors, 'invalid_event')
      : new HttpProblem(422, 'invalid_event', error.message)
  }
}

const inBody = (path: string) =>
  path === 'body' || path.startsWith('body.') ? path : `body${path && `.${path}`}`

/**
 * What never reached the intake because it is no JSON, or holds what the database cannot, is kept too. When that
 * fails the sender hears of that (503, try again), not of its own mistake.
 */
function keepRefusedBody(intake: Intake) {
  return async (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const problem = problemOf(error)
    if (request.rawText === undefined || !NEVER_TAKEN_IN.has(problem.code))
      return sendProblem(error, request, reply)
    try {
      const raw = storable(request.rawText.slice(0, RAW_KEPT))
      await intake.reject({ ...comingFrom(request), raw, reason: storable(problem.message) })
    } catch (failure) {
      return sendProblem(failure, request, reply)
    }
    return sendProblem(error, request, reply)
  }
}
