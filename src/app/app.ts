/** The composition root: builds every part once, in order, and closes them in reverse. Nothing else knows them all. */
import type { Config } from '../config.ts'
import { FLOWS } from '../hotel/catalogue.ts'
import { EVENT_KINDS } from '../hotel/event-kinds.ts'
import { createKeyStore } from '../platform/access/keys.ts'
import { connectRedis, type RedisConnection } from '../platform/cache/redis.ts'
import { createDurableEngine } from '../platform/engine/durable/durable-engine.ts'
import { notifyWorkers } from '../platform/engine/durable/wake-ups.ts'
import type { Worker } from '../platform/engine/durable/worker.ts'
import type { AnyFlow } from '../platform/engine/flow.ts'
import type { EventConsumers } from '../platform/events/amqp/consumer.ts'
import { buildServer, type HttpDeps } from '../platform/http/server.ts'
import type { Logger } from '../platform/observability/logger.ts'
import { createMetrics, type Metrics } from '../platform/observability/metrics.ts'
import { type DiskSpace, watchDiskSpace } from '../platform/postgres/disk-space.ts'
import { openDatabase } from '../platform/postgres/open-database.ts'
import { type Database, openPool } from '../platform/postgres/pool.ts'
import type { HotelClock } from '../platform/schedules/clock.ts'
import { isOpen, readiness } from './access.ts'
import { applyDeployments } from './deployments.ts'
import { openConsumers, openIntake } from './event-intake.ts'
import { openWorker } from './flow-worker.ts'
import { readHealth } from './health.ts'
import { migrateEverything } from './migrations.ts'
import { observeService } from './observers.ts'
import { openOutsideServices } from './outside-services.ts'
import { openSchedules } from './schedules.ts'
import { openTelemetry } from './telemetry.ts'
import { VERSION } from './version.ts'

export interface App {
  /** Where it listens, as a URL. */
  readonly url: string
  readonly databaseUrl: string
  /** Stops taking work, lets what is in progress finish for a while, hands the rest back, closes everything. */
  close(): Promise<void>
}

export interface AppOptions {
  /** What flows read as the time: a simulated hotel has a clock of its own. Default: this machine's. */
  now?: (() => Date) | undefined
  /** What schedules go by, of such a hotel. Default: the database's clock. */
  scheduleClock?: HotelClock | undefined
  /** Called when the tables are there, and before anything is read from them or goes by a clock. */
  prepare?: ((database: Database) => Promise<void>) | undefined
}

type Closing = () => Promise<unknown>

/**
 * Resolves when it listens. A start that fails closes what it had opened, in order, and throws why: OpenToOthers,
 * MigrationError, EmbeddedPostgresError, BadDeployments, or what the database or the port answered.
 */
export async function startApp(config: Config, logger: Logger, options: AppOptions = {}): Promise<App> {
  const closings: Closing[] = []
  const close = () => closeAll(closings, logger)
  try {
    const { url, databaseUrl } = await build(config, logger, options, closings)
    return { url, databaseUrl, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The database, brought forward, with what files declare; and a pool that no task can take. */
async function openStores(config: Config, logger: Logger, options: AppOptions, closings: Closing[]) {
  const { prepare, scheduleClock: clock } = options
  const disk = watchDiskSpace(logger)
  const {
    database,
    url: databaseUrl,
    close,
  } = await openDatabase({
    url: config.DATABASE_URL,
    dataDir: config.DATA_DIR,
    max: config.DATABASE_POOL_SIZE,
    applicationName: 'prefect-service',
    logger,
    onServerError: disk.noticed,
  })
  closings.push(close)
  await migrateEverything(database, logger)
  await prepare?.(database)
  await applyDeployments(config, { database, clock, logger })
  // Heartbeat and probes must not queue behind a slow table.
  const control = openPool({
    url: databaseUrl,
    max: 3,
    applicationName: 'prefect-service control',
    logger,
    onServerError: disk.noticed,
  })
  closings.push(() => control.close())
  return { database, control, databaseUrl, disk }
}

async function build(config: Config, logger: Logger, options: AppOptions, closings: Closing[]) {
  const { now, scheduleClock: clock } = options
  const metrics = createMetrics()
  const telemetry = await openTelemetry(config, { metrics, logger })
  closings.push(() => telemetry.close())
  const { disk, ...stores } = await openStores(config, logger, options, closings)
  const { database, databaseUrl } = stores
  const open = await isOpen(config, database)

  let worker: Worker | undefined
  const wake = (queue: string) => (worker ? worker.pollNow(queue) : notifyWorkers(database, queue))
  const engine = createDurableEngine(database, wake)
  const flows = new Map<string, AnyFlow>(FLOWS.map((flow) => [flow.name, flow]))
  const intake = openIntake(config, { database, flows, metrics, now, wake })

  const scheduling = openSchedules(config, { database, engine, flows, metrics, clock, wake, logger })
  closings.push(() => scheduling.close())

  const redis = config.REDIS_URL ? connectRedis(config.REDIS_URL, logger) : undefined
  closings.push(async () => redis?.close())
  if (config.ROLES.includes('worker')) {
    const observer = telemetry.calls
    const outside = await openOutsideServices(config, { observer, redis: redis?.client, logger })
    closings.push(() => outside.close())
    worker = await openWorker(config, { ...stores, engine, metrics, telemetry, outside, now, logger })
    closings.push(async () => worker?.drain(config.SHUTDOWN_GRACE_SECONDS * 1000))
  }
  const consumers = await openConsumers(config, { intake, metrics, logger })
  closings.push(async () => consumers?.close())
  closings.push(observeService(metrics, database, () => worker?.running() ?? 0))

  const { control } = stores
  const { schedules } = scheduling
  const inside = { database, control, disk, engine, intake, flows, schedules, metrics }
  const server = await openServer(config, { ...inside, redis, consumers, open, logger })
  closings.push(() => server.close())
  const url = await server.listen({ host: config.HOST, port: config.PORT })
  logger.info({ url, roles: config.ROLES, version: VERSION, open }, 'listening')
  return { url, databaseUrl }
}

interface ServerParts
  extends Pick<HttpDeps, 'engine' | 'intake' | 'flows' | 'schedules' | 'open' | 'logger'> {
  database: Database
  control: Database
  disk: DiskSpace
  metrics: Metrics
  redis: RedisConnection | undefined
  consumers: EventConsumers | undefined
}

function openServer(config: Config, { metrics, redis, consumers, control, disk, ...parts }: ServerParts) {
  const { database: sql } = parts
  const { registry } = metrics
  const diskIsFull = () => disk.isFull(control)
  return buildServer({
    ...parts,
    eventKinds: EVENT_KINDS,
    keys: createKeyStore({ sql, staticKeys: config.API_KEYS ?? [] }),
    version: VERSION,
    health: () => readHealth({ sql: control, diskIsFull, version: VERSION, redis, rabbitmq: consumers }),
    ready: () => readiness(control, diskIsFull),
    metrics: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    timezone: config.HOTEL_TIMEZONE,
    roles: config.ROLES,
    settings: {
      bodyLimitBytes: config.BODY_LIMIT_BYTES,
      rateLimitPerMinute: config.RATE_LIMIT_PER_MINUTE,
      wrongKeysPerMinute: config.WRONG_KEYS_PER_MINUTE,
      requestTimeoutSeconds: config.REQUEST_TIMEOUT_SECONDS,
      connectionsPerAddress: config.CONNECTIONS_PER_ADDRESS,
      trustProxy: config.TRUST_PROXY,
    },
    redis: redis?.client,
  })
}

async function closeAll(closings: Closing[], logger: Logger): Promise<void> {
  for (const closing of closings.splice(0).reverse()) {
    await closing().catch((error: unknown) => logger.error({ err: error }, 'a part did not close cleanly'))
  }
}
