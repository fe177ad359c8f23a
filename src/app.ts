/** The composition root: builds every part once, in order, and closes them in reverse. Nothing else knows them all. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Config } from './config.ts'
import { startEmbeddedPostgres } from './db/embedded/embedded-postgres.ts'
import { createKeyStore, listKeys } from './db/keys.ts'
import { migrate, pendingMigrations } from './db/migrate.ts'
import { type Database, openPool } from './db/pool.ts'
import { createDurableEngine } from './engine/dbos/durable-engine.ts'
import { ensureEngineSchema } from './engine/dbos/schema.ts'
import { queueOf, startRuns } from './engine/dbos/start-runs.ts'
import { announceQueue } from './engine/dbos/wake-ups.ts'
import { startWorker, type Worker } from './engine/dbos/worker.ts'
import type { Engine } from './engine/engine.ts'
import { type EventConsumers, startConsumers } from './events/amqp/consumer.ts'
import { createIntake } from './events/intake.ts'
import { createIntakeBatches } from './events/intake-batches.ts'
import { FLOWS } from './flows/catalogue.ts'
import { readHealth } from './health.ts'
import { buildServer } from './http/server.ts'
import { connectRedis } from './integrations/cache/redis.ts'
import { createSlack } from './integrations/slack/web-api.ts'
import type { Logger } from './observability/logger.ts'
import { createMetrics, type Metrics } from './observability/metrics.ts'
import { observeNotifications, observeService, observeWorker } from './observers.ts'
import type { AttendanceDeps } from './tasks/attendance.ts'
import { VERSION } from './version.ts'

export interface App {
  /** Where it listens, as a URL. */
  readonly url: string
  readonly databaseUrl: string
  /** Stops taking work, lets what is in progress finish for a while, hands the rest back, closes everything. */
  close(): Promise<void>
}

/** Refused to start open on an address that others reach. */
export class OpenToOthers extends Error {
  override readonly name = 'OpenToOthers'
}

type Closing = () => Promise<unknown>

export async function startApp(config: Config, logger: Logger): Promise<App> {
  const closings: Closing[] = []
  const close = () => closeAll(closings, logger)
  try {
    const { url, databaseUrl } = await build(config, logger, closings)
    return { url, databaseUrl, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function build(config: Config, logger: Logger, closings: Closing[]) {
  const databaseUrl = await databaseOf(config, logger, closings)
  const database = openPool({
    url: databaseUrl,
    max: config.DATABASE_POOL_SIZE,
    applicationName: 'prefect-service',
    logger,
  })
  closings.push(() => database.close())
  await migrate(database, { before: ensureEngineSchema, logger })
  const open = await isOpen(config, database)

  const metrics = createMetrics()
  let worker: Worker | undefined
  const wake = (queue: string) => (worker ? worker.kick(queue) : announceQueue(database, queue))
  const engine = createDurableEngine(database, wake)
  const batches = createIntakeBatches({
    transaction: (run) => database.transaction(run),
    startRuns,
    wake: (requests) => {
      for (const queue of new Set(requests.map(queueOf))) wake(queue)
    },
  })
  const flows = new Map(FLOWS.map((flow) => [flow.name, flow]))
  const onEvent = (kind: string, status: string) => metrics.eventsProcessed.inc({ event_type: kind, status })
  const intake = createIntake({ sql: database, batches, flows, timezone: config.HOTEL_TIMEZONE, onEvent })

  if (config.ROLES.includes('worker')) {
    worker = await openWorker(config, { database, databaseUrl, engine, metrics, logger })
    const grace = config.SHUTDOWN_GRACE_SECONDS * 1000
    closings.push(() => (worker as Worker).drain(grace))
  }
  const redis = config.REDIS_URL ? connectRedis(config.REDIS_URL, logger) : undefined
  if (redis) closings.push(() => redis.close())
  let consumers: EventConsumers | undefined
  if (config.RABBITMQ_URL && config.ROLES.includes('consumer')) {
    const onDepth = (depths: Record<string, { messages: number }>) => {
      for (const [queue_name, { messages }] of Object.entries(depths)) {
        metrics.queueDepth.set({ queue_name }, messages)
      }
    }
    const { RABBITMQ_URL: url, RABBITMQ_PREFIX: prefix } = config
    consumers = await startConsumers({ url, prefix, intake, logger, onDepth })
    closings.push(() => (consumers as EventConsumers).close())
  }
  closings.push(observeService(metrics, database, () => worker?.running() ?? 0))

  const server = await buildServer({
    database,
    engine,
    intake,
    flows,
    keys: createKeyStore({ sql: database, staticKeys: config.API_KEYS ?? [] }),
    health: () => readHealth({ sql: database, version: VERSION, redis, rabbitmq: consumers }),
    ready: () => readiness(database),
    metrics: async () => ({
      contentType: metrics.registry.contentType,
      body: await metrics.registry.metrics(),
    }),
    timezone: config.HOTEL_TIMEZONE,
    logger,
    open,
    roles: config.ROLES,
    settings: { bodyLimitBytes: config.BODY_LIMIT_BYTES, rateLimitPerMinute: config.RATE_LIMIT_PER_MINUTE },
    redis: redis?.client,
  })
  closings.push(() => server.close())
  const url = await server.listen({ host: config.HOST, port: config.PORT })
  logger.info({ url, roles: config.ROLES, version: VERSION, open }, 'listening')
  return { url, databaseUrl }
}

async function databaseOf(config: Config, logger: Logger, closings: Closing[]): Promise<string> {
  if (config.DATABASE_URL) return config.DATABASE_URL
  const embedded = await startEmbeddedPostgres({ dataDir: join(config.DATA_DIR, 'postgres'), logger })
  closings.push(() => embedded.stop())
  return embedded.url
}

interface WorkerParts {
  database: Database
  databaseUrl: string
  engine: Engine
  metrics: Metrics
  logger: Logger
}

function openWorker(config: Config, { metrics, ...parts }: WorkerParts): Promise<Worker> {
  const { SLACK_BOT_TOKEN: token, SLACK_API_URL: apiUrl } = config
  const deps: AttendanceDeps = {
    attendance: {
      minConfidence: config.ATTENDANCE_MIN_CONFIDENCE,
      graceMinutes: config.ATTENDANCE_GRACE_MINUTES,
      timezone: config.HOTEL_TIMEZONE,
    },
    slack: token ? createSlack({ token, apiUrl, timeoutMs: 10_000, logger: parts.logger }) : undefined,
    notified: observeNotifications(metrics),
    database: parts.database,
  }
  const identity = { id: `w_${randomBytes(8).toString('hex')}`, roles: config.ROLES, version: VERSION }
  return startWorker({ ...parts, flows: FLOWS, deps, identity, observer: observeWorker(metrics) })
}

const LOOPBACK = ['127.0.0.1', '::1', 'localhost']

/** Without any key everyone may do everything: only from this machine. */
async function isOpen(config: Config, database: Database): Promise<boolean> {
  const now = new Date().toISOString()
  const usable = (await listKeys(database)).some(
    ({ revoked_at, expires_at }) => revoked_at === null && (expires_at === null || expires_at > now),
  )
  if (usable || (config.API_KEYS?.length ?? 0) > 0) return false
  if (LOOPBACK.includes(config.HOST)) return true
  throw new OpenToOthers(
    `HOST is ${config.HOST}, which others can reach, and there is no API key: set API_KEYS, ` +
      'or run "prefect-service keys create", or leave HOST at 127.0.0.1.',
  )
}

async function readiness(database: Database): Promise<{ ready: boolean; reason?: string }> {
  try {
    const pending = await pendingMigrations(database)
    if (pending.length === 0) return { ready: true }
    return { ready: false, reason: `Migrations are missing: ${pending.join(', ')}` }
  } catch {
    return { ready: false, reason: 'The database does not answer.' }
  }
}

async function closeAll(closings: Closing[], logger: Logger): Promise<void> {
  for (const closing of closings.splice(0).reverse()) {
    await closing().catch((error: unknown) => logger.error({ err: error }, 'a part did not close cleanly'))
  }
}
