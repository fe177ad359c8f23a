/** Schedules, put together: what people and files declare, and the scheduler that fires it. */
import type { Config } from '../config.ts'
import { businessDate } from '../hotel/business-date.ts'
import { startRuns } from '../platform/engine/durable/start-runs.ts'
import type { Engine } from '../platform/engine/engine.ts'
import type { AnyFlow } from '../platform/engine/flow.ts'
import type { Logger } from '../platform/observability/logger.ts'
import type { Metrics } from '../platform/observability/metrics.ts'
import type { Database } from '../platform/postgres/pool.ts'
import type { HotelClock } from '../platform/schedules/clock.ts'
import type { WrittenFiring } from '../platform/schedules/firing-writes.ts'
import type { SchedulePorts, Schedules } from '../platform/schedules/schedule-service.ts'
import { type Scheduler, startScheduler } from '../platform/schedules/scheduler.ts'
import { createSchedules } from '../platform/schedules/schedules.ts'

export interface ScheduleParts {
  database: Database
  engine: Pick<Engine, 'cancel'>
  flows: ReadonlyMap<string, AnyFlow>
  metrics: Metrics
  clock: HotelClock | undefined
  /** There are new runs in this queue; `*`: in any. */
  wake: (queue: string) => void
  logger: Logger
}

/** What changing schedules needs; a process of its own, the command line's for example, has no more. */
export function schedulePorts(
  config: Config,
  { database, engine, flows, clock, wake }: Omit<ScheduleParts, 'metrics' | 'logger'>,
): Omit<SchedulePorts, 'changed'> {
  const { HOTEL_TIMEZONE: timezone, NIGHT_AUDIT_AT: nightAuditAt, HOTEL_LANGUAGE: language } = config
  return {
    ...{ database, flows, clock, startRuns, timezone, language },
    cancel: (runId) => engine.cancel(runId),
    businessDate: (at) => businessDate(at, { timezone, nightAuditAt }),
    wake: () => wake('*'),
  }
}

/** Every process can change schedules; one with the role `scheduler` fires them, until `close`. */
export function openSchedules(
  config: Config,
  { metrics, logger, ...parts }: ScheduleParts,
): { schedules: Schedules; close(): Promise<void> } {
  const ports = schedulePorts(config, parts)
  let scheduler: Scheduler | undefined
  const schedules = createSchedules({ ...ports, changed: () => scheduler?.look() })
  if (config.ROLES.includes('scheduler')) {
    scheduler = startScheduler({ ...ports, logger, fired: (firing) => count(metrics, firing) })
  }
  return { schedules, close: async () => scheduler?.close() }
}

function count({ firings, firingLateness }: Metrics, firing: WrittenFiring): void {
  const { workflow: workflow_name, outcome, reason, kind, decidedAt, due } = firing
  firings.inc({ workflow_name, outcome, reason: reason ?? '' })
  if (outcome !== 'started' || reason !== null || kind !== 'schedule') return
  firingLateness.observe({ workflow_name }, Math.max(0, decidedAt.getTime() - due.getTime()) / 1000)
}
