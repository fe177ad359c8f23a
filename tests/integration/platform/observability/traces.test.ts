/** One trace from the request through the runs and their tasks to the other service, as a collector receives it. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { startServiceSimulator } from '../../../../simulators/services/service-simulator.ts'
import { attendance } from '../../../../src/hotel/attendance/attendance.event.ts'
import { startRuns } from '../../../../src/platform/engine/durable/start-runs.ts'
import { type AnyFlow, defineFlow, defineTask, type Flow } from '../../../../src/platform/engine/flow.ts'
import { settle } from '../../../../src/platform/events/amqp/delivery.ts'
import { createIntake } from '../../../../src/platform/events/intake.ts'
import { createIntakeBatches } from '../../../../src/platform/events/intake-batches.ts'
import { createLogger } from '../../../../src/platform/observability/logger.ts'
import { createJsonClient, type JsonClient } from '../../../../src/platform/outbound/json-client.ts'
import { createGuard } from '../../../../src/platform/outbound/service-guard.ts'
import { openReceiver, type Receiver } from '../../../support/receiver.ts'
import { KEYS } from '../http/http-rig.ts'
import { openTelemetryRig, type TelemetryRig } from './telemetry-rig.ts'

const GUEST = 'Nguyễn Canary'
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const CALLER = '00f067aa0ba902b7'

interface Span {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  status: { code: number; message?: string }
  attributes: { key: string; value: Record<string, unknown> }[]
}

interface Deps {
  stub: JsonClient
}

const ask = defineTask<Deps, { guest: string }, null>({
  name: 'ask_about_guest',
  retry: { attempts: 3, firstDelaySeconds: 0.01 },
  async run({ stub }, { guest }, { signal }) {
    const call = { operation: 'look_up', method: 'POST', path: '/guests', json: { guest } } as const
    await stub.call({ ...call, answer: z.object({}), signal })
    return null
  },
})
const parameters = z.object({ guest: z.string() })
const shared = { description: 'A test', parameters, subjects: () => [], estimatedMinutes: 1 }
const inner = defineFlow({
  ...shared,
  name: 'inner_flow',
  run: (flow: Flow<Deps>, about) => flow.task(ask, about),
})
const outer = defineFlow({
  ...shared,
  name: 'outer_flow',
  async run(flow: Flow<Deps>, about) {
    await flow.task(ask, about)
    await flow.child(inner, about)
    return null
  },
})

let collector: Receiver
let stub: Awaited<ReturnType<typeof startServiceSimulator>>
let rig: TelemetryRig
let answers: { status: number }[]
beforeAll(async () => {
  collector = await openReceiver()
  stub = await startServiceSimulator({ handle: () => answers.shift() ?? {} })
  rig = await openTelemetryRig(
    { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    [outer, inner],
    ({ calls }) => ({
      stub: createJsonClient({
        url: stub.url,
        guard: createGuard({ service: 'stub', timeoutMs: 5_000, observer: calls }),
      }),
    }),
  )
})
afterAll(async () => {
  await rig?.close()
  await stub?.close()
  await collector?.close()
})

/** Of a request in the caller's trace; of a message in it; of a run that nobody's trace holds. */
let requested: string
let accepted: unknown[]
let alone: string
beforeAll(async () => {
  answers = [{ status: 503 }]
  requested = await trigger()
  await rig.ended(requested)
  accepted = await acceptFromRabbitMQ()
  alone = await rig.run(inner, { guest: GUEST })
  await rig.deliver()
})

/** Over a real connection; answers the run's id. */
async function trigger(): Promise<string> {
  await rig.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = rig.app.server.address() as { port: number }
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/prefect/workflows/trigger`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${KEYS.admin.secret}`,
      traceparent: `00-${TRACE}-${CALLER}-01`,
    },
    body: JSON.stringify({ workflow_name: 'outer_flow', parameters: { guest: GUEST } }),
  })
  return ((await answer.json()) as { flow_run_id: string }).flow_run_id
}

const spans = () =>
  collector.received.flatMap(({ text }) =>
    JSON.parse(text).resourceSpans.flatMap((resource: { scopeSpans: { spans: Span[] }[] }) =>
      resource.scopeSpans.flatMap((scope) => scope.spans),
    ),
  ) as Span[]
const named = (name: string) => spans().filter((span) => span.traceId === TRACE && span.name === name)
const runOf = ({ attributes }: Span) =>
  attributes.find(({ key }) => key === 'prefect.run_id')?.value.stringValue

it("a request is a span in its caller's trace; its run belongs to it, and a child to its parent", () => {
  const [server] = named('POST /api/v1/prefect/workflows/trigger')
  const [run] = named('outer_flow')
  const [child] = named('inner_flow')
  expect(server).toMatchObject({ parentSpanId: CALLER, kind: 2 })
  expect(run).toMatchObject({ parentSpanId: server?.spanId })
  expect(child).toMatchObject({ parentSpanId: run?.spanId })
  expect(run && runOf(run)).toBe(requested)
})

it('each attempt of a task is a span of its run, and takes the trace to the other service', () => {
  const [run, child] = [...named('outer_flow'), ...named('inner_flow')]
  const attempts = named('ask_about_guest')
  const [failed, second] = attempts
  expect(attempts.map(({ parentSpanId }) => parentSpanId)).toEqual([run?.spanId, run?.spanId, child?.spanId])
  expect(failed?.status).toEqual({ code: 2, message: 'stub_unavailable' })
  expect(second?.attributes).toContainEqual({ key: 'prefect.attempt', value: { intValue: 2 } })
  expect(named('stub look_up').map((span) => [span.parentSpanId, span.kind])).toEqual(
    attempts.map(({ spanId }) => [spanId, 3]),
  )
  const sent = stub.requests.map(({ headers }) => headers.traceparent)
  expect(sent.slice(0, 3)).toEqual(attempts.map(({ spanId }) => `00-${TRACE}-${spanId}-01`))
})

it("a message is a span in its sender's trace, and its run belongs to it", () => {
  const [consumed] = named('attendance.events process')
  expect(consumed).toMatchObject({ parentSpanId: CALLER, kind: 5 })
  expect(accepted).toEqual([`00-${TRACE}-${consumed?.spanId}-01`])
})

it("a run that nobody's trace holds is a trace of its own, whatever else goes on in the process", () => {
  const roots = spans().filter((span) => span.name === 'inner_flow' && span.parentSpanId === undefined)
  expect(roots.map(runOf)).toEqual([alone])
})

it('no span says what guests say', () => {
  expect(JSON.stringify(collector.received)).not.toContain('Canary')
})

/** The trace contexts that the runs of a delivered message are kept with. */
async function acceptFromRabbitMQ(): Promise<unknown[]> {
  const flows = new Map<string, AnyFlow>(
    attendance.flows.map((name) => [name, { ...inner, name, parameters: z.any() }]),
  )
  const batches = createIntakeBatches({
    transaction: (run) => rig.database.transaction(run),
    startRuns,
    wake: () => {},
  })
  const intake = createIntake({
    ...{
      sql: rig.database,
      batches,
      kinds: [attendance],
      flows,
      timezone: 'Asia/Ho_Chi_Minh',
      onEvent: () => {},
    },
  })
  const body = { employee_id: 'E1', timestamp: '2025-01-17T01:00:00Z', action: 'check_in', confidence: 0.9 }
  const message = {
    body: Buffer.from(JSON.stringify(body)),
    headers: { traceparent: `00-${TRACE}-${CALLER}-01` },
  }
  const acknowledged = await settle(message as never, {
    ...{ kind: attendance.name, queue: attendance.queue, intake, deadLetters: undefined as never },
    ...{ logger: createLogger('silent'), retryDelay: { firstSeconds: 1, longestSeconds: 1 } },
    signal: new AbortController().signal,
  })
  expect(acknowledged).toBe(true)
  const rows = await rig.database.query<{ traceparent: unknown }>(
    "select traceparent from prefect.flow_runs where workflow_name = 'process_attendance'",
  )
  return rows.map(({ traceparent }) => traceparent)
}
