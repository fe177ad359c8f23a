/** The worker, and everything that its flows are given to work with. */
import { randomBytes } from 'node:crypto'
import type { Config } from '../config.ts'
import type { Database } from '../db/pool.ts'
import { startWorker, type Worker } from '../engine/dbos/worker.ts'
import type { Engine } from '../engine/engine.ts'
import { FLOWS, type ServiceDeps } from '../flows/catalogue.ts'
import { createSlack } from '../integrations/slack/web-api.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import { observeNotifications, observeWorker } from './observers.ts'
import { VERSION } from './version.ts'

const SLACK_PATIENCE_MS = 10_000

export interface WorkerParts {
  database: Database
  pulse: Database
  databaseUrl: string
  engine: Engine
  metrics: Metrics
  logger: Logger
}

/** Undefined where this process is no worker. */
export async function openWorker(
  config: Config,
  { metrics, ...parts }: WorkerParts,
): Promise<Worker | undefined> {
  if (!config.ROLES.includes('worker')) return undefined
  const { SLACK_BOT_TOKEN: token, SLACK_API_URL: apiUrl } = config
  const timeoutMs = SLACK_PATIENCE_MS
  const deps: ServiceDeps = {
    attendance: {
      minConfidence: config.ATTENDANCE_MIN_CONFIDENCE,
      graceMinutes: config.ATTENDANCE_GRACE_MINUTES,
      timezone: config.HOTEL_TIMEZONE,
    },
    slack: token ? createSlack({ token, apiUrl, timeoutMs, logger: parts.logger }) : undefined,
    notified: observeNotifications(metrics),
    database: parts.database,
  }
  const identity = { id: `w_${randomBytes(8).toString('hex')}`, roles: config.ROLES, version: VERSION }
  return startWorker({ ...parts, flows: FLOWS, deps, identity, observer: observeWorker(metrics) })
}
