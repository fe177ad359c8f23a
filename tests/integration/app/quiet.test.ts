/** A service that works has nothing to warn of: it does one of everything, idles, and stops. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { seedHotel } from '../../../simulators/hotel/hotel.ts'
import { type OutsideWorld, startOutsideWorld } from '../../../simulators/outside-world.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { openTestBroker, type TestBroker } from '../../support/service-broker.ts'
import { call, endedRun, readStream } from '../../support/service-client.ts'
import { type ServiceProcess, startService, warnings } from '../../support/service-process.ts'
import { rabbitmqUrl, redisUrl } from '../../support/services.ts'

/** Longer than any of the service's own rhythms but the one of its cached estimates. */
const IDLE_MS = 30_000

let test: TestDatabase
let world: OutsideWorld
let broker: TestBroker | undefined
let service: ServiceProcess
beforeAll(async () => {
  test = await createTestDatabase()
  await seedHotel(test.database)
  world = await startOutsideWorld('Asia/Ho_Chi_Minh')
  const rabbitmq = rabbitmqUrl()
  broker = rabbitmq === undefined ? undefined : await openTestBroker(rabbitmq)
  service = await startService({
    ...world.settings,
    ...(broker === undefined ? {} : { RABBITMQ_URL: rabbitmq ?? '', RABBITMQ_PREFIX: broker.prefix }),
    REDIS_URL: redisUrl() ?? '',
    DATABASE_URL: test.url,
    LOG_LEVEL: 'info',
    ROOM_READY_DELAY_SECONDS: '0',
    QUIET_HOURS: '00:00-00:00',
  })
})
afterAll(async () => {
  await service?.kill()
  await broker?.close()
  await world?.close()
  await test?.drop()
})

const timestamp = '2025-01-17T01:30:00Z'
const punch = { employee_id: 'EMP001', timestamp, action: 'check_in', confidence: 0.98 }
const EVENTS = {
  attendance: punch,
  room_status: { room_number: '201', new_status: 'clean', timestamp },
  booking: {
    ...{ booking_id: 'QUIET1', event_type: 'new_booking', timestamp },
    guest_data: { guest_id: 'GUEST1', name: 'Guest', email: 'guest@example.com', language: 'en' },
    room_data: { room_type: 'deluxe', check_in: '2099-06-01', check_out: '2099-06-03', total_amount: 5e6 },
  },
  ml_prediction: {
    ...{ prediction_type: 'demand', subject: 'room_type:deluxe:2099-06-01', model_name: 'demand_model' },
    ...{ value: 3, confidence: 0.9, timestamp },
  },
  anomaly: {
    ...{ anomaly_type: 'odd_noise', severity: 'low', source: 'sensor_1', description: 'A noise' },
    timestamp,
  },
} as const

/** The body of an answer with this status. */
async function answered(expected: number, method: string, path: string, request?: unknown) {
  const { status, body } = await call(service, method, path, request)
  expect(status, `${path} was answered ${JSON.stringify(body)}`).toBe(expected)
  return body
}

async function start(workflow_name: string, parameters: object, more: object = {}): Promise<string> {
  const request = { workflow_name, parameters, ...more }
  return (await answered(201, 'POST', 'workflows/trigger', request)).flow_run_id
}

/** The service answers before it has made its queues: until then a message comes back. */
const publish = (kind: keyof typeof EVENTS, event: object) =>
  eventually(`a queue for ${kind}`, async () => {
    try {
      await broker?.publish(kind, event, kind)
      return true
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('No queue takes')) return false
      throw error
    }
  })

const sendEvents = async () => {
  for (const [kind, event] of Object.entries(EVENTS)) {
    await answered(202, 'POST', `events/${kind}`, event)
    await publish(kind as keyof typeof EVENTS, { ...event, timestamp: '2025-01-17T02:30:00Z' })
  }
}

it('logs nothing at warn or above but what it was asked to fail', async () => {
  await readStream(service, sendEvents, ({ event }) => event === 'run')
  await endedRun(service, await start('process_attendance', { ...punch, employee_id: 'EMP002' }))
  const later = await start('process_attendance', punch, { scheduled_time: '2099-01-01T00:00:00Z' })
  await answered(200, 'POST', `workflows/cancel/${later}`)
  const soon = new Date(Date.now() + 3_000).toISOString()
  const timed = await start(
    'process_attendance',
    { ...punch, employee_id: 'EMP003' },
    { scheduled_time: soon },
  )

  const asked = { room_number: '201', text: 'Two more towels, please', language: 'en' }
  const request = await start('handle_guest_request', asked)
  await eventually('the request to wait', async () => {
    return (await answered(200, 'GET', `workflows/status/${request}`)).status === 'waiting'
  })
  await answered(202, 'POST', `workflows/signal/${request}/task_finished`, { finished_by: 'EMP001' })

  const doubtful = await start('process_attendance', { ...punch, confidence: 0.1 })
  expect((await endedRun(service, doubtful)).status).toBe('failed')
  await answered(202, 'POST', `workflows/retry/${doubtful}`)
  for (const run of [doubtful, timed, request]) await endedRun(service, run)

  for (const path of [
    'workflows',
    'workflows/list',
    'events',
    'notifications',
    `workflows/logs/${request}`,
  ]) {
    await answered(200, 'GET', path)
  }
  expect((await answered(200, 'GET', 'health')).status).toBe('healthy')
  expect(await (await fetch(`${service.url}/metrics`)).text()).toContain('prefect_workflow_runs_total')
  await eventually('every run to end', async () => {
    const open = await test.database.query('select 1 from prefect.flow_run_states where completed_at is null')
    return open.length === 0
  })

  await delay(IDLE_MS)
  const planned = [new RegExp(`"run_id":"${doubtful}".*"run failed"`)]
  expect(warnings(service.logs(), planned)).toEqual([])
  service.signal('SIGTERM')
  await eventually('the service to have stopped', () => service.logs().includes('"stopped"'))
  expect(warnings(service.logs(), planned)).toEqual([])
  expect(warnings(service.logs())).toHaveLength(2)
}, 180_000)
