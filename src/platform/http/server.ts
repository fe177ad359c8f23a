/** The HTTP side, put together: who may ask, how bodies are read, how errors are answered, and the routes. */
import type { Socket } from 'node:net'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify'
import type { HttpDeps } from './deps.ts'
import { createEstimates } from './estimates.ts'
import { addAuthentication } from './plugins/auth.ts'
import { addBodies } from './plugins/bodies.ts'
import { addErrors, sendProblem } from './plugins/errors.ts'
import { addDocs, addOpenApi } from './plugins/openapi.ts'
import { addTracing } from './plugins/tracing.ts'
import { HttpProblem, PROBLEM_TYPE } from './problem.ts'
import { addEventIntakeRoutes } from './routes/event-intake.ts'
import { addEventRoutes } from './routes/events.ts'
import { addNotificationRoutes } from './routes/notifications.ts'
import { addHealthRoute, addProbeRoutes } from './routes/probes.ts'
import { addRunControlRoutes } from './routes/run-control.ts'
import { addRunRoutes } from './routes/runs.ts'
import { addStreamRoute } from './routes/stream.ts'
import { addTriggerRoute } from './routes/trigger.ts'

export type { HttpDeps } from './deps.ts'

/**
 * A server that is ready but does not listen yet; `close()` ends its streams too. A process without the role `api`
 * answers /livez, /readyz and /metrics alone. Throws when a route does not say which scope it needs.
 */
export async function buildServer(deps: HttpDeps): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: deps.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: deps.settings.bodyLimitBytes,
    // An id as long as a header may be is simply not found, rather than an error of its own.
    routerOptions: { maxParamLength: 16_384, ignoreTrailingSlash: true },
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
    clientErrorHandler: answerBrokenRequest,
  })
  addTracing(app)
  addAuthentication(app, deps)
  addBodies(app)
  await addProtection(app, deps)
  addErrors(app, app.rateLimit())
  await addOpenApi(app, deps.version)
  addProbeRoutes(app, deps)
  if (deps.roles.includes('api')) await addApi(app, deps)
  await app.ready()
  return app
}

async function addApi(app: FastifyInstance, deps: HttpDeps): Promise<void> {
  const estimates = createEstimates(deps.database)
  addTriggerRoute(app, deps, estimates)
  addRunControlRoutes(app, deps)
  addRunRoutes(app, deps, estimates)
  addEventIntakeRoutes(app, deps)
  addEventRoutes(app, deps)
  addNotificationRoutes(app, deps)
  addHealthRoute(app, deps)
  addStreamRoute(app, deps)
  await addDocs(app)
}

async function addProtection(app: FastifyInstance, deps: HttpDeps): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    // Whether a host is reached by TLS alone is for what terminates TLS to say.
    hsts: false,
  })
  app.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store'))
  await app.register(rateLimit, {
    max: deps.settings.rateLimitPerMinute,
    timeWindow: 60_000,
    // Redis away: the limit is not kept, rather than everybody refused.
    ...(deps.redis ? { redis: deps.redis, nameSpace: 'prefect-rate:', skipOnError: true } : {}),
    keyGenerator: (request) => (deps.open || !request.caller ? request.ip : `key:${request.caller.name}`),
    errorResponseBuilder: (_request, { after }) =>
      new HttpProblem(429, 'rate_limited', `Too many requests: try again in ${after}.`),
  })
}

/** What is not even HTTP never reaches a route: answered by hand, on the bare socket. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy()
  const [status, detail] = BROKEN[error.code ?? ''] ?? [400, 'This is not a valid HTTP request.']
  const problem = new HttpProblem(status, 'bad_request', detail).toBody()
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${status} ${problem.title}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

const BROKEN: Record<string, [status: number, detail: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
}
