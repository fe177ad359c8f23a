import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { AnomalyEvent } from '../../contract/anomaly-event.ts'
import { BASE, EventPath } from '../../contract/api.ts'
import { AttendanceAccepted, AttendanceEvent } from '../../contract/attendance-event.ts'
import { BookingEvent } from '../../contract/booking-event.ts'
import { EventAccepted, type EventKind, EventReplayed } from '../../contract/event.ts'
import { storable } from '../../contract/hostile-text.ts'
import { type AcceptedEvent, EventRefused, type Intake } from '../../contract/intake.ts'
import { MlPredictionEvent } from '../../contract/prediction-event.ts'
import { RoomStatusEvent } from '../../contract/room-event.ts'
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
  addEvents(app, deps)
  addReplay(app, deps)
}

interface EventRoute {
  kind: EventKind
  summary: string
  body: z.ZodType
  /** The answer to what was accepted, as the specification has it. */
  accepted: z.ZodType
  answer(accepted: AcceptedEvent, body: unknown): object
}

const several = (message: string) => (accepted: AcceptedEvent) => listing(accepted, message)

const EVENT_ROUTES: readonly EventRoute[] = [
  {
    kind: 'attendance',
    summary: 'A face recognised at a staff door',
    body: AttendanceEvent,
    accepted: AttendanceAccepted,
    answer: attendanceAnswer,
  },
  {
    kind: 'room_status',
    summary: 'A room changed its state',
    body: RoomStatusEvent,
    accepted: EventAccepted,
    answer: several('Room status event received and workflows triggered'),
  },
  {
    kind: 'booking',
    summary: 'A booking was made, changed, cancelled, checked in or out, or its guest did not come',
    body: BookingEvent,
    accepted: EventAccepted,
    answer: (accepted, body) => listing(accepted, bookingMessage(body)),
  },
  {
    kind: 'ml_prediction',
    summary: 'A model of the ML service has a new prediction',
    body: MlPredictionEvent,
    accepted: EventAccepted,
    answer: several('ML prediction event received and workflow triggered'),
  },
  {
    kind: 'anomaly',
    summary: 'An anomaly was detected',
    body: AnomalyEvent,
    accepted: EventAccepted,
    answer: several('Anomaly event received and workflow triggered'),
  },
]

function addEvents(app: FastifyInstance, deps: HttpDeps): void {
  for (const route of EVENT_ROUTES) {
    app.post(
      `${BASE}/events/${route.kind}`,
      {
        config: { scope: 'events:write', eventKind: route.kind },
        // The intake checks the body, and keeps what it refuses; the schemas here only describe it.
        validatorCompiler: () => (value) => ({ value }),
        errorHandler: keepRefusedBody(deps.intake),
        schema: {
          operationId: operationId(route.kind),
          summary: route.summary,
          tags: ['Events'],
          headers: z.object({
            'idempotency-key': z.string().max(LONGEST_KEY).optional().meta({
              description: 'The same key with the same body is the same event: it is answered as before.',
            }),
          }),
          body: route.body,
          response: {
            202: answer(route.accepted, 'The event and its runs are on disk'),
            ...problems(400, 409, 413, 415),
          },
        },
      },
      async (request, reply) => {
        const accepted = await refusable(() =>
          deps.intake.accept({ ...comingFrom(request), body: request.body ?? null }),
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
