import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { AttendanceAccepted } from '../../../hotel/attendance/attendance.event.ts'
import { EVENT_SCHEMAS } from '../../../hotel/event-schemas.ts'
import { BASE, EventPath } from '../../contract/api.ts'
import { EventAccepted, type EventKind } from '../../contract/event.ts'
import { storable } from '../../contract/hostile-text.ts'
import {
  type AcceptedEvent,
  EventRefused,
  type Intake,
  LONGEST_EVENT_KEY,
  LONGEST_RAW,
  type RefusalCode,
} from '../../contract/intake.ts'
import type { HttpDeps } from '../deps.ts'
import { answer, problems } from '../documented-answers.ts'
import { sendProblem } from '../plugins/errors.ts'
import { eventNotFound, HttpProblem, invalid, problemOf } from '../problem.ts'

/** Refused before the intake saw the body. */
const NEVER_TAKEN_IN: ReadonlySet<string> = new Set<RefusalCode>(['malformed_json', 'unstorable_value'])

/** Events in: new ones, and kept ones once more. */
export function addEventIntakeRoutes(app: FastifyInstance, deps: HttpDeps): void {
  addEvents(app, deps)
  addReplay(app, deps)
}

interface EventRoute {
  kind: EventKind
  summary: string
  /** The answer to what was accepted, as the specification has it. */
  accepted: z.ZodType
  answer(accepted: AcceptedEvent, body: unknown): object
}

const several = (message: string) => (accepted: AcceptedEvent) => listing(accepted, message)

const EVENT_ROUTES: readonly EventRoute[] = [
  {
    kind: 'attendance',
    summary: 'A face recognised at a staff door',
    accepted: AttendanceAccepted,
    answer: attendanceAnswer,
  },
  {
    kind: 'room_status',
    summary: 'A room changed its state',
    accepted: EventAccepted,
    answer: several('Room status event received and workflows triggered'),
  },
  {
    kind: 'booking',
    summary: 'A booking was made, changed, cancelled, checked in or out, or its guest did not come',
    accepted: EventAccepted,
    answer: (accepted, body) => listing(accepted, bookingMessage(body)),
  },
  {
    kind: 'ml_prediction',
    summary: 'A model of the ML service has a new prediction',
    accepted: EventAccepted,
    answer: several('ML prediction event received and workflow triggered'),
  },
  {
    kind: 'anomaly',
    summary: 'An anomaly was detected',
    accepted: EventAccepted,
    answer: several('Anomaly event received and workflow triggered'),
  },
]

function addEvents(app: FastifyInstance, deps: HttpDeps): void {
  for (const route of EVENT_ROUTES) {
    app.post(
      `${BASE}/events/${route.kind}`,
      {
        config: { scope: 'events:write' },
        // The intake checks the body, and keeps what it refuses; the schemas here only describe it.
        validatorCompiler: () => (value) => ({ value }),
        errorHandler: keepRefusedBody(deps.intake, route.kind),
        schema: {
          operationId: operationId(route.kind),
          summary: route.summary,
          tags: ['Events'],
          headers: z.object({
            'idempotency-key': z.string().max(LONGEST_EVENT_KEY).optional().meta({
              description: 'The same key with the same body is the same event: it is answered as before.',
            }),
          }),
          body: EVENT_SCHEMAS[route.kind],
          response: {
            202: answer(route.accepted, 'The event and its runs are on disk'),
            ...problems(400, 409, 413, 415),
          },
        },
      },
      async (request, reply) => {
        const accepted = await refusable(() =>
          deps.intake.accept({ ...comingFrom(request, route.kind), body: request.body ?? null }),
        )
        announce(reply, accepted)
        return route.answer(accepted, request.body)
      },
    )
  }
}

/** `receiveRoomStatus` */
function operationId(kind: EventKind): string {
  return `receive_${kind}`.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function attendanceAnswer(accepted: AcceptedEvent): AttendanceAccepted {
  const run = accepted.runs[0]
  if (run === undefined) throw new Error(`The event ${accepted.eventId} was accepted without a run.`)
  return {
    event_id: accepted.eventId,
    status: 'accepted',
    workflow_triggered: run.workflow,
    flow_run_id: run.flow_run_id,
    message: 'Attendance event received and workflow triggered',
  }
}

function listing({ eventId, runs }: AcceptedEvent, message: string): EventAccepted {
  return { event_id: eventId, status: 'accepted', workflows_triggered: runs, message }
}

function bookingMessage(body: unknown): string {
  const type = (body as { event_type?: unknown } | null)?.event_type
  return type === 'new_booking' ? 'New booking event processed' : 'Booking event processed'
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
          202: answer(EventAccepted, 'The new event and its runs are on disk'),
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

function comingFrom(request: FastifyRequest, kind: EventKind) {
  const header = request.headers['idempotency-key']
  const senderKey = typeof header === 'string' && header !== '' ? header : undefined
  if (senderKey !== undefined && senderKey.length > LONGEST_EVENT_KEY) {
    throw invalid([
      { path: 'headers.idempotency-key', message: `must be at most ${LONGEST_EVENT_KEY} characters` },
    ])
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
    throw errors.length > 0 ? invalid(errors, error.code) : new HttpProblem(422, error.code, error.message)
  }
}

const inBody = (path: string) =>
  path === 'body' || path.startsWith('body.') ? path : `body${path && `.${path}`}`

/**
 * What never reached the intake because it is no JSON, or holds what the database cannot, is kept too. When that
 * fails the sender hears of that (503, try again), not of its own mistake.
 */
function keepRefusedBody(intake: Intake, kind: EventKind) {
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
