/** Whether the service is well: each part asked, none waited for longer than two seconds. */
import type { Check, Health, Queues } from '../platform/contract/health.ts'
import type { Sql } from '../platform/postgres/sql.ts'
import { readCounts, type ServiceCounts } from '../platform/runs/health.ts'

export interface HealthParts {
  sql: Sql
  /** Whether the database takes nothing any more. */
  diskIsFull(): Promise<boolean>
  version: string
  /** Undefined: not configured, which degrades nothing. */
  redis?: { ping(): Promise<number> } | undefined
  rabbitmq?: { connected(): boolean; depth(): Promise<Queues> } | undefined
}

const PATIENCE_MS = 2_000
/** Runnable work that nobody takes for this long: the engine is not doing its job. */
const BACKLOG_ALARM_SECONDS = 60
const NO_COUNTS: ServiceCounts = {
  active: 0,
  scheduled: 0,
  backlogAge: 0,
  workers: { total: 0, active: 0, idle: 0 },
}

/**
 * Asks all parts at the same time. Never rejects: a part that is away is `error`, its latency in milliseconds otherwise.
 * `unhealthy` without the database, `degraded` when its disk is full, without another part, or when work waits that
 * nobody takes.
 */
export async function readHealth(parts: HealthParts): Promise<Health> {
  let counts = NO_COUNTS
  const { redis: cache } = parts
  let full = false
  const [database, engine, redis, rabbitmq] = await Promise.all([
    timed(async () => {
      await parts.sql.query('select 1')
      full = await parts.diskIsFull()
    }),
    timed(async () => {
      counts = await readCounts(parts.sql)
    }),
    cache ? timed(() => cache.ping()) : DISABLED,
    checkRabbit(parts.rabbitmq),
  ])
  const stuck = counts.backlogAge > BACKLOG_ALARM_SECONDS
  const prefect: Health['checks']['prefect_server'] = {
    ...engine,
    engine: 'dbos',
    backlog_age_seconds: Math.round(counts.backlogAge),
  }
  if (stuck) Object.assign(prefect, { status: 'error', error: 'runs are waiting and no worker takes them' })
  const degraded = full || [redis, rabbitmq, prefect].some(({ status }) => status === 'error')
  return {
    status: database.status === 'error' ? 'unhealthy' : degraded ? 'degraded' : 'healthy',
    timestamp: new Date().toISOString(),
    version: parts.version,
    checks: { database: full ? DISK_FULL : database, redis, rabbitmq, prefect_server: prefect },
    active_flow_runs: counts.active,
    scheduled_flow_runs: counts.scheduled,
    worker_status: {
      total_workers: counts.workers.total,
      active_workers: counts.workers.active,
      idle_workers: counts.workers.idle,
    },
  }
}

const DISK_FULL: Check = { status: 'error', error: 'the disk is full: nothing can be written' }
const DISABLED: Check = { status: 'disabled' }

async function checkRabbit(rabbitmq: HealthParts['rabbitmq']): Promise<Health['checks']['rabbitmq']> {
  if (!rabbitmq) return { status: 'disabled' }
  let queues: Queues = {}
  const check = await timed(async () => {
    if (!rabbitmq.connected()) throw new Error('not connected')
    queues = await rabbitmq.depth()
  })
  return { ...check, queues }
}

/** Errors are named by kind only: their text may hold addresses and users. */
async function timed(act: () => Promise<unknown>): Promise<Check> {
  const started = performance.now()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer within 2 s')), PATIENCE_MS)
  })
  try {
    await Promise.race([act(), late])
    return { status: 'ok', latency_ms: Math.round(performance.now() - started) }
  } catch (error) {
    const code = (error as { code?: unknown }).code
    const known = error instanceof Error && /^(not connected|no answer)/.test(error.message)
    return {
      status: 'error',
      error: known ? error.message : typeof code === 'string' ? code : 'not reachable',
    }
  } finally {
    clearTimeout(timer)
  }
}
