/** The ways events come in: the intake itself, for HTTP too, and the consumers that feed it from RabbitMQ. */
import type { Config } from '../config.ts'
import { EVENT_EXCHANGE, EVENT_KINDS } from '../hotel/event-kinds.ts'
import type { Queues } from '../platform/contract/health.ts'
import type { Intake } from '../platform/contract/intake.ts'
import { startRuns } from '../platform/engine/durable/start-runs.ts'
import { type AnyFlow, queueOf } from '../platform/engine/flow.ts'
import { type EventConsumers, startConsumers } from '../platform/events/amqp/consumer.ts'
import { createIntake } from '../platform/events/intake.ts'
import { batchesWithin, createIntakeBatches, type IntakeBatches } from '../platform/events/intake-batches.ts'
import type { Logger } from '../platform/observability/logger.ts'
import type { Metrics } from '../platform/observability/metrics.ts'
import type { Database } from '../platform/postgres/pool.ts'
import type { Sql } from '../platform/postgres/sql.ts'

export interface IntakeParts {
  database: Database
  flows: ReadonlyMap<string, AnyFlow>
  metrics: Metrics
  /** The hotel's time. Default: this machine's. */
  now?: (() => Date) | undefined
  /** There are new runs in this queue. */
  wake: (queue: string) => void
}

/** Throws at once when an event starts a flow that is not in `flows`. */
export function openIntake(config: Config, parts: IntakeParts): Intake {
  const { database, wake } = parts
  const batches = createIntakeBatches({
    transaction: (run) => database.transaction(run),
    startRuns,
    wake: (requests) => {
      for (const queue of new Set(requests.map(({ flow }) => queueOf(flow)))) wake(queue)
    },
  })
  return intakeOver(config, parts, database, batches)
}

/** Inside a transaction of the caller's, who wakes the workers when it is committed. */
export function openIntakeWithin(config: Config, parts: IntakeParts): (sql: Sql) => Intake {
  return (sql) => intakeOver(config, parts, sql, batchesWithin(sql, startRuns))
}

function intakeOver(config: Config, parts: IntakeParts, sql: Sql, batches: IntakeBatches): Intake {
  const { flows, metrics, now } = parts
  const onEvent = (kind: string, status: string) => metrics.eventsProcessed.inc({ event_type: kind, status })
  const timezone = config.HOTEL_TIMEZONE
  return createIntake({ sql, batches, kinds: EVENT_KINDS, flows, timezone, now, onEvent })
}

/** Undefined where this process is no consumer, or there is no RabbitMQ. Connects in the background, and again. */
export async function openConsumers(
  config: Config,
  parts: { intake: Intake; metrics: Metrics; logger: Logger },
): Promise<EventConsumers | undefined> {
  const { RABBITMQ_URL: url, RABBITMQ_PREFIX: prefix, ROLES } = config
  if (url === undefined || !ROLES.includes('consumer')) return undefined
  const { intake, metrics, logger } = parts
  const onDepth = (depths: Queues) => {
    for (const [queue_name, { messages }] of Object.entries(depths)) {
      metrics.queueDepth.set({ queue_name }, messages)
    }
  }
  return startConsumers({
    url,
    prefix,
    exchange: EVENT_EXCHANGE,
    kinds: EVENT_KINDS,
    intake,
    logger,
    onDepth,
  })
}
