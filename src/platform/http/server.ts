/** The HTTP side, put together: who may ask, how bodies are read, how errors are answered, and the routes. */
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify'
import type { Logger } from '../observability/logger.ts'
import { createEstimates } from './estimates.ts'
import { type AuthenticationDeps, addAuthentication } from './plugins/auth.ts'
import { addBodies } from './plugins/bodies.ts'
import { type ConnectionSettings, connectionLimits } from './plugins/connections.ts'
import { addErrors, sendProblem } from './plugins/errors.ts'
import { collectMethods } from './plugins/methods.ts'
import { addDocs, addOpenApi } from './plugins/openapi.ts'
import { addProtection, type ProtectionDeps } from './plugins/protection.ts'
import { addQueryNames } from './plugins/query-names.ts'
import { addTracing } from './plugins/tracing.ts'
import { addBackfillRoutes, type BackfillDeps } from './routes/backfills.ts'
import { addCalendarRoutes, type CalendarDeps } from './routes/calendars.ts'
import { addEventIntakeRoutes, type EventIntakeDeps } from './routes/event-intake.ts'
import { addEventRoutes, type EventDeps } from './routes/events.ts'
import { addNotificationRoutes, type NotificationDeps } from './routes/notifications.ts'
import { addHealthRoute, addProbeRoutes, type HealthDeps, type ProbeDeps } from './routes/probes.ts'
import { addRetryRoutes, type RetryDeps } from './routes/retry.ts'
import { addRunControlRoutes, type RunControlDeps } from './routes/run-control.ts'
import { addRunRoutes, type RunDeps } from './routes/runs.ts'
import { addScheduleControlRoutes, type ScheduleControlDeps } from './routes/schedule-control.ts'
import { addSchedulePreviewRoutes, type SchedulePreviewDeps } from './routes/schedule-preview.ts'
import { addScheduleRoutes, type ScheduleDeps } from './routes/schedules.ts'
import { addStreamRoute, type StreamDeps } from './routes/stream.ts'
import { addTriggerRoute, type TriggerDeps } from './routes/trigger.ts'

/** What the routes and plugins need, all of it: each of them sees its own part alone. */
export type HttpDeps = AuthenticationDeps &
  ProtectionDeps &
  ProbeDeps &
  HealthDeps &
  EventIntakeDeps &
  EventDeps &
  NotificationDeps &
  RunControlDeps &
  RetryDeps &
  StreamDeps &
  ScheduleDeps &
  ScheduleControlDeps &
  SchedulePreviewDeps &
  BackfillDeps &
  CalendarDeps &
  Omit<RunDeps & TriggerDeps, 'estimates'> &
  ServerDeps

interface ServerDeps {
  /** The package's, as the OpenAPI document shows it. */
  version: string
  logger: Logger
  roles: readonly string[]
  settings: ConnectionSettings & ProtectionDeps['settings'] & { bodyLimitBytes: number }
}

/**
 * A server that is ready but does not listen yet; `close()` ends its streams too. A process without the role `api`
 * answers /livez, /readyz and /metrics alone. Throws when a route does not say which scope it needs.
 */
export async function buildServer(deps: HttpDeps): Promise<FastifyInstance> {
  const limits = connectionLimits(deps.settings, deps.logger)
  const app = fastify({
    ...limits.options,
    loggerInstance: deps.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: deps.settings.bodyLimitBytes,
    // An id as long as a header may be is simply not found, rather than an error of its own.
    routerOptions: { maxParamLength: 16_384, ignoreTrailingSlash: true },
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
  })
  limits.add(app)
  addTracing(app)
  const methods = collectMethods(app)
  const countWrongKey = await addProtection(app, deps)
  addAuthentication(app, deps, countWrongKey)
  addErrors(app, methods)
  addBodies(app)
  addQueryNames(app)
  await addOpenApi(app, deps.version)
  addProbeRoutes(app, deps)
  if (deps.roles.includes('api')) await addApi(app, deps)
  await app.ready()
  return app
}

async function addApi(app: FastifyInstance, deps: HttpDeps): Promise<void> {
  const estimates = createEstimates(deps.database)
  addTriggerRoute(app, { ...deps, estimates })
  addRunControlRoutes(app, deps)
  addRetryRoutes(app, deps)
  addRunRoutes(app, { ...deps, estimates })
  addEventIntakeRoutes(app, deps)
  addEventRoutes(app, deps)
  addNotificationRoutes(app, deps)
  addScheduleRoutes(app, deps)
  addScheduleControlRoutes(app, deps)
  addSchedulePreviewRoutes(app, deps)
  addBackfillRoutes(app, deps)
  addCalendarRoutes(app, deps)
  addHealthRoute(app, deps)
  addStreamRoute(app, deps)
  await addDocs(app)
}
