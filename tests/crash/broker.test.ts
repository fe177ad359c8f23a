/**
 * The broker dies in the middle of everything. What it confirmed, it still has; what it did not confirm, the sender
 * sends again; each event counts once. CRASH_LONG=1: more of them, first as in a power cut, then an orderly stop.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seedHotel } from '../../simulators/hotel/hotel.ts'
import { EVENT_KINDS } from '../../src/hotel/event-kinds.ts'
import type { Health } from '../../src/platform/contract/health.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { BROKER_AWAY } from '../support/planned-warnings.ts'
import { openTestBroker, type TestBroker } from '../support/service-broker.ts'
import { call } from '../support/service-client.ts'
import { type ServiceProcess, startService } from '../support/service-process.ts'
import { describeWithRabbitMQServer } from '../support/services.ts'
import { type BrokerNode, startBrokerNode } from './broker-node.ts'
import { mixedEvent } from './hotel-traffic.ts'

const LONG = process.env.CRASH_LONG === '1'
const ENDS = LONG ? (['kill', 'stop'] as const) : (['kill'] as const)
const EVENTS = LONG ? 5_000 : 2_000
const LANES = 50
/**
 * Each lane's pause between two events: the queues are seconds old when the broker ends. One that is killed within a
 * second of a queue's declaration forgets what it has confirmed (measured on RabbitMQ 3.10).
 */
const PACE_MS = 200
const DOWN_MS = LONG ? 10_000 : 4_000

const kindOf = (n: number) => mixedEvent(n).kind
const numbers = Array.from({ length: EVENTS }, (_, n) => n)
const sentOf = (kind: string) => numbers.filter((n) => kindOf(n) === kind).length

describeWithRabbitMQServer('a broker that stops', () => {
  let db: TestDatabase
  let node: BrokerNode
  let broker: TestBroker
  let service: ServiceProcess

  beforeAll(async () => {
    const [started, created] = await Promise.all([startBrokerNode(), createTestDatabase()])
    node = started
    db = created
    await seedHotel(db.database)
    broker = await openTestBroker(node.url)
    const environment = {
      DATABASE_URL: db.url,
      RABBITMQ_URL: node.url,
      RABBITMQ_PREFIX: broker.prefix,
      LOG_LEVEL: 'warn',
    }
    service = await startService(environment, { planned: [BROKER_AWAY] })
    await eventually('every queue to be consumed', consuming, 30)
  })
  afterAll(async () => {
    await service?.stop()
    // After a failure the broker may be away for good.
    await Promise.race([broker?.close(), delay(10_000)])
    await node?.remove()
    await db?.drop()
  })

  async function queues() {
    const { body } = await call(service, 'GET', 'health')
    return (body as Health).checks.rabbitmq.queues ?? {}
  }

  /** A passive declaration answers only when the queue has a leader. */
  async function consuming(): Promise<boolean> {
    const seen = await queues()
    return EVENT_KINDS.every(({ queue }) => seen[`${broker.prefix}${queue}`]?.consumers === 1)
  }

  async function breakDown(how: 'kill' | 'stop'): Promise<number> {
    await node.end(how)
    await delay(DOWN_MS)
    await node.start()
    const returned = performance.now()
    await eventually('every queue to be consumed again', consuming, 60)
    return (performance.now() - returned) / 1000
  }

  test('no confirmed event is lost, none counts twice', async () => {
    let confirmed = 0
    let repeats = 0
    const sending = lanes(async (n) => {
      const { kind, body } = mixedEvent(n)
      for (;;) {
        const sent = await broker.publish(kind, body, `broker-${n}`).then(
          () => true,
          () => false,
        )
        if (sent) break
        repeats += 1
        await delay(100)
      }
      confirmed += 1
      await delay(PACE_MS)
    })
    const back: number[] = []
    for (const [i, how] of ENDS.entries()) {
      await eventually('events to flow', () => confirmed > (EVENTS * (i + 1)) / (ENDS.length + 1), 60)
      back.push(await breakDown(how))
    }
    await sending
    const now = await eventually('every run to end', settled, 60)
    const left = await eventually('the queues to be empty', async () => {
      const seen = Object.values(await queues())
      return seen.length === 2 * EVENT_KINDS.length && seen.every(({ messages }) => messages === 0)
    })
    const delivered_again = await deliveredAgain()
    const figures = { test: 'broker', ends: ENDS, repeats, delivered_again, consuming_again_s: back, ...now }
    process.stdout.write(`crash figures ${JSON.stringify(figures)}\n`)
    expect(left).toBe(true)
    expect(now).toEqual({
      events: EVENTS,
      from_queues: EVENTS,
      rejected: 0,
      not_completed: 0,
      ...expectedRuns(),
      punches: sentOf('attendance'),
      punches_per_run: 1,
      room_changes: sentOf('room_status'),
      bookings: sentOf('booking'),
      booking_changes: sentOf('booking'),
      confirmations: sentOf('booking'),
      predictions: sentOf('ml_prediction'),
      anomalies: sentOf('anomaly'),
    })
    expect(Math.max(...back)).toBeLessThan(60)
  })

  /** Messages whose acknowledgement the broker did not live to hear: the intake knew them. */
  async function deliveredAgain(): Promise<number> {
    const metrics = await (await fetch(`${service.url}/metrics`)).text()
    const counts = metrics.matchAll(/^prefect_events_processed_total\{.*status="replayed"\} (\d+)$/gm)
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
  }

  /** Undefined until every event has arrived and every run has ended. */
  async function settled() {
    const [open] = await db.database.query<{ events: number; runs: number }>(
      `select (select count(*)::int from prefect.events where status = 'accepted') as events,
              (select count(*)::int from prefect.flow_run_states
               where status not in ('completed', 'failed', 'cancelled', 'crashed')) as runs`,
    )
    return open?.events === EVENTS && open.runs === 0 ? effects() : undefined
  }

  async function effects() {
    const [row] = await db.database.query<Record<string, number>>(
      `select (select count(*)::int from prefect.events where status = 'accepted') as events,
              (select count(*)::int from prefect.events where source = 'amqp') as from_queues,
              (select count(*)::int from prefect.events where status = 'rejected') as rejected,
              (select count(*)::int from prefect.flow_run_states where status <> 'completed') as not_completed,
              (select count(*)::int from prefect.flow_runs where parent_run_id is null) as runs_of_events,
              (select max(n)::int from (select count(*) n from prefect.flow_runs where parent_run_id is null
                 group by event_id, workflow_name) each) as runs_per_event_and_flow,
              (select count(*)::int from attendance_logs) as punches,
              (select max(n)::int from (select count(*) n from attendance_logs group by run_id) each) as punches_per_run,
              (select count(*)::int from prefect.room_status_history where source = 'event') as room_changes,
              (select count(*)::int from bookings) as bookings,
              (select count(*)::int from prefect.booking_history where event_type = 'new_booking') as booking_changes,
              (select count(*)::int from prefect.notifications) as confirmations,
              (select count(*)::int from prefect.predictions) as predictions,
              (select sum(occurrences)::int from prefect.anomalies) as anomalies`,
    )
    return row
  }

  const expectedRuns = () => ({
    runs_of_events: EVENTS + 2 * sentOf('booking'),
    runs_per_event_and_flow: 1,
  })
})

async function lanes(send: (n: number) => Promise<void>): Promise<void> {
  const lane = async (first: number) => {
    for (let n = first; n < EVENTS; n += LANES) await send(n)
  }
  await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)))
}
