import type { FastifyInstance, InjectOptions } from 'fastify'
import { z } from 'zod'
import { BASE } from '../../../src/contract/api.ts'
import { AttendanceEvent } from '../../../src/contract/attendance-event.ts'
import { EventRefused, type Intake } from '../../../src/contract/intake.ts'
import { SCOPES, type Scope } from '../../../src/contract/key.ts'
import { fieldErrors } from '../../../src/contract/problem.ts'
import { createKeyStore } from '../../../src/db/keys.ts'
import type { Database } from '../../../src/db/pool.ts'
import { createDurableEngine } from '../../../src/engine/dbos/durable-engine.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { type AnyFlow, defineFlow } from '../../../src/engine/flow.ts'
import { bodyHash, eventIdFor, newRunId } from '../../../src/engine/ids.ts'
import type { HttpDeps } from '../../../src/http/deps.ts'
import { buildServer } from '../../../src/http/server.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { createTestDatabase } from '../../support/database.ts'

export const reportFlow = defineFlow({
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

export const punchFlow = defineFlow({
  name: 'process_attendance',
  description: 'A staff punch',
  parameters: AttendanceEvent,
  subjects: (event) => [`employee:${event.employee_id}`],
  estimatedMinutes: 0.1,
  queue: 'events',
  run: async () => ({ done: true }),
})

/** One secret per scope, plus the admin's. */
export const KEYS = Object.fromEntries(
  SCOPES.map((scope) => [
    scope,
    { name: `key-${scope}`, secret: `secret-of-${scope}`, scopes: [scope] as Scope[] },
  ]),
) as Record<Scope, { name: string; secret: string; scopes: Scope[] }>

export interface HttpRig {
  app: FastifyInstance
  database: Database
  engine: Engine
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

/** The HTTP side on a real database with the real engine's control side; no worker takes the runs up. */
export async function openHttpRig(overrides: Partial<HttpDeps> = {}): Promise<HttpRig> {
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

export function httpDeps(database: Database, engine: Engine, overrides: Partial<HttpDeps> = {}): HttpDeps {
  const flows = new Map<string, AnyFlow>([reportFlow, punchFlow].map((flow) => [flow.name, flow]))
  return {
    database,
    engine,
    intake: createIntake(database, engine),
    flows,
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
    settings: { bodyLimitBytes: 1_000_000, rateLimitPerMinute: 1_000_000 },
    ...overrides,
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

/** As much of the intake as its callers see: checks, keeps, starts one run, knows a repeated key. */
function createIntake(database: Database, engine: Engine): Intake {
  const keep = (row: unknown[]) =>
    database.query(
      `insert into prefect.events (id, kind, source, sender_key, body_hash, payload, raw, status, reason, errors, runs,
                                   subjects, replay_of, received_from)
       values ($1, 'attendance', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      row,
    )
  const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value))
  const intake: Intake = {
    async accept({ body, source, senderKey, receivedFrom }) {
      const hash = bodyHash(body)
      const parsed = AttendanceEvent.safeParse(body)
      if (!parsed.success) {
        const errors = fieldErrors(parsed.error, 'body')
        const id = newRunId().replace('fr_', 'evt_')
        await keep([
          id,
          source,
          senderKey,
          hash,
          json(body),
          null,
          'rejected',
          'invalid',
          json(errors),
          '[]',
          [],
          null,
          receivedFrom,
        ])
        throw new EventRefused('invalid', 'The event does not fit its schema.', errors)
      }
      const eventId = eventIdFor('attendance', senderKey ?? hash)
      const [known] = await database.query<{
        body_hash: string
        runs: { workflow: string; flow_run_id: string }[]
      }>('select body_hash, runs from prefect.events where id = $1', [eventId])
      if (known !== undefined && known.body_hash !== hash) {
        throw new EventRefused('idempotency_conflict', 'The key was used before with another body.')
      }
      if (known !== undefined) return { eventId, runs: known.runs, replayed: true }
      const runId = newRunId()
      await engine.start({ runId, flow: punchFlow, parameters: parsed.data, eventId })
      const runs = [{ workflow: punchFlow.name, flow_run_id: runId }]
      const subjects = punchFlow.subjects(parsed.data)
      await keep([
        eventId,
        source,
        senderKey,
        hash,
        json(body),
        null,
        'accepted',
        null,
        null,
        json(runs),
        subjects,
        null,
        receivedFrom,
      ])
      await database.query(
        "insert into prefect.subject_index (subject, kind, id) select s, 'event', $1 from unnest($2::text[]) s",
        [eventId, subjects],
      )
      return { eventId, runs, replayed: false }
    },
    async reject({ raw, reason, source, senderKey, receivedFrom }) {
      const id = newRunId().replace('fr_', 'evt_')
      await keep([
        id,
        source,
        senderKey,
        null,
        null,
        raw,
        'rejected',
        reason,
        null,
        '[]',
        [],
        null,
        receivedFrom,
      ])
    },
    async replay(eventId, receivedFrom) {
      const [event] = await database.query<{ payload: unknown }>(
        'select payload from prefect.events where id = $1',
        [eventId],
      )
      if (event === undefined) return undefined
      const senderKey = newRunId()
      return intake.accept({
        kind: 'attendance',
        source: 'http',
        body: event.payload,
        senderKey,
        receivedFrom,
      })
    },
  }
  return intake
}
