import type { FastifyInstance, InjectOptions } from 'fastify'
import { z } from 'zod'
import { openIntake } from '../../../../src/app/event-intake.ts'
import { schedulePorts } from '../../../../src/app/schedules.ts'
import { readConfig } from '../../../../src/config.ts'
import { FLOWS } from '../../../../src/hotel/catalogue.ts'
import { EVENT_KINDS } from '../../../../src/hotel/event-kinds.ts'
import { createKeyStore } from '../../../../src/platform/access/keys.ts'
import { BASE } from '../../../../src/platform/contract/api.ts'
import { SCOPES, type Scope } from '../../../../src/platform/contract/key.ts'
import { createDurableEngine } from '../../../../src/platform/engine/durable/durable-engine.ts'
import type { Engine } from '../../../../src/platform/engine/engine.ts'
import { type AnyFlow, defineFlow } from '../../../../src/platform/engine/flow.ts'
import type { Retries } from '../../../../src/platform/engine/retry-plan.ts'
import { buildServer, type HttpDeps } from '../../../../src/platform/http/server.ts'
import { createLogger } from '../../../../src/platform/observability/logger.ts'
import { createMetrics } from '../../../../src/platform/observability/metrics.ts'
import type { Database } from '../../../../src/platform/postgres/pool.ts'
import { createSchedules } from '../../../../src/platform/schedules/schedules.ts'
import { createTestDatabase } from '../../../support/database.ts'

const reportFlow = defineFlow({
  name: 'daily_report_generation',
  description: 'A report of the day',
  parameters: z.object({
    date: z.iso.date(),
    report_types: z.array(z.enum(['occupancy', 'revenue', 'housekeeping'])).default([]),
    recipients: z.array(z.email()).default([]),
  }),
  subjects: ({ date }) => [`date:${date}`],
  estimatedMinutes: 15,
  run: async () => ({ done: true }),
})

/** What an event can start is the service's own; what people start is a flow that the specification shows. */
export const CATALOGUE: ReadonlyMap<string, AnyFlow> = new Map(
  [...FLOWS, reportFlow].map((flow): [string, AnyFlow] => [flow.name, flow]),
)

/** One secret per scope, plus the admin's. */
export const KEYS = Object.fromEntries(
  SCOPES.map((scope) => [
    scope,
    { name: `key-${scope}`, secret: `secret-of-${scope}`, scopes: [scope] as Scope[] },
  ]),
) as Record<Scope, { name: string; secret: string; scopes: Scope[] }>

const SETTINGS: HttpDeps['settings'] = {
  bodyLimitBytes: 1_000_000,
  rateLimitPerMinute: 1_000_000,
  wrongKeysPerMinute: 1_000_000,
  requestTimeoutSeconds: 60,
  connectionsPerAddress: 1_000,
  trustProxy: [],
}

export interface HttpRig {
  app: FastifyInstance
  database: Database
  engine: Engine & Retries
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  close(): Promise<void>
}
export interface CallOptions {
  body?: unknown
  raw?: string | Buffer
  headers?: Record<string, string>
  key?: Scope | null
}
export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the shape it asks for
  body: any
  text: string
  headers: Record<string, unknown>
}

/** Of the settings only what a test is about. */
export interface HttpOverrides extends Omit<Partial<HttpDeps>, 'settings'> {
  settings?: Partial<HttpDeps['settings']>
}

/** The HTTP side on a real database with the real intake and the engine's control side; no worker takes the runs up. */
export async function openHttpRig(overrides: HttpOverrides = {}): Promise<HttpRig> {
  const test = await createTestDatabase()
  const engine = createDurableEngine(test.database, () => {})
  const app = await buildServer(httpDeps(test.database, engine, overrides))
  return {
    app,
    database: test.database,
    engine,
    call: (method, path, options) => call(app, method, path, options),
    close: async () => {
      await app.close()
      await test.drop()
    },
  }
}

export function httpDeps(
  database: Database,
  engine: Engine & Retries,
  overrides: HttpOverrides = {},
): HttpDeps {
  return {
    database,
    engine,
    intake: openIntake(readConfig({}), {
      database,
      flows: CATALOGUE,
      metrics: createMetrics(),
      wake: () => {},
    }),
    schedules: createSchedules({
      ...schedulePorts(readConfig({}), {
        database,
        engine,
        flows: CATALOGUE,
        clock: undefined,
        wake: () => {},
      }),
      changed: () => {},
    }),
    eventKinds: EVENT_KINDS,
    flows: CATALOGUE,
    keys: createKeyStore({ sql: database, staticKeys: Object.values(KEYS) }),
    health: async () => ({
      status: 'healthy',
      timestamp: '2025-01-17T10:00:00Z',
      version: 'test',
      checks: {
        database: { status: 'ok', latency_ms: 1 },
        redis: { status: 'disabled' },
        rabbitmq: { status: 'disabled' },
        prefect_server: { status: 'ok', engine: 'test' },
      },
      active_flow_runs: 0,
      scheduled_flow_runs: 0,
      worker_status: { total_workers: 0, active_workers: 0, idle_workers: 0 },
    }),
    ready: async () => ({ ready: true }),
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }),
    version: '9.9.9-test',
    timezone: 'Asia/Ho_Chi_Minh',
    logger: createLogger(process.env.TEST_LOG_LEVEL ?? 'silent'),
    open: false,
    roles: ['api', 'worker'],
    ...overrides,
    settings: { ...SETTINGS, ...overrides.settings },
  }
}

/** As the admin unless `key` says otherwise; `key: null` sends none. */
export async function call(
  app: FastifyInstance,
  method: string,
  path: string,
  { body, raw, headers = {}, key = 'admin' }: CallOptions = {},
): Promise<Answer> {
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
  const answer = await app.inject({
    method: method as NonNullable<InjectOptions['method']>,
    url: path.startsWith('/') ? path : `${BASE}/${path}`,
    headers: {
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === null ? {} : { authorization: `Bearer ${KEYS[key].secret}` }),
      ...headers,
    },
    ...(payload === undefined ? {} : { payload }),
  })
  const isJson = /json/.test(String(answer.headers['content-type'] ?? ''))
  return {
    status: answer.statusCode,
    body: isJson && answer.body !== '' ? JSON.parse(answer.body) : undefined,
    text: answer.body,
    headers: answer.headers,
  }
}
