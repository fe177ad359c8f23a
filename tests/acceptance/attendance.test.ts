/** Staff punches, from outside: what the camera sends, and what the hotel then knows. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { RUN_FAILED } from '../support/planned-warnings.ts'
import { openTestBroker } from '../support/service-broker.ts'
import { call, endedRun } from '../support/service-client.ts'
import { type ServiceProcess, startService } from '../support/service-process.ts'
import { describeWithRabbitMQ } from '../support/services.ts'

let test: TestDatabase
let service: ServiceProcess
beforeAll(async () => {
  test = await createTestDatabase()
  await test.database.query(
    `with department as (insert into supervisors (department, slack_user_id) values ('Front Office', 'U0BOSS')),
          person as (insert into employees (id, name, department) values ('EMP1', 'Nguyễn Thị Hoa', 'Front Office'))
     insert into employee_schedules (employee_id, day_of_week, start_time, end_time)
     values ('EMP1', 4, '08:00', '16:00')`,
  )
  service = await startService({ DATABASE_URL: test.url, LOG_LEVEL: 'warn' }, { planned: [RUN_FAILED] })
})
afterAll(async () => {
  await service?.stop()
  await test?.drop()
})

/** On Friday 2025-01-17; the hotel's clock is seven hours ahead. */
const punch = (employee: string, time: string, confidence = 0.98) => ({
  employee_id: employee,
  timestamp: `2025-01-17T${time}Z`,
  action: 'check_in',
  camera_id: 'cam_lobby_01',
  confidence,
})
const send = (body: unknown, headers: Record<string, string> = {}) =>
  call(service, 'POST', 'events/attendance', body, headers)
const logged = (employee: string) =>
  test.database.query(
    'select run_id, is_late, late_minutes, flags from attendance_logs where employee_id = $1',
    [employee],
  )

it('a late employee: the supervisor is told once, in the words of the specification', async () => {
  const { body } = await send(punch('EMP1', '01:30:00'))
  const run = await endedRun(service, body.flow_run_id)
  expect(run).toMatchObject({ status: 'completed', result: { is_late: true, status: 'completed' } })
  expect(run.task_runs.at(-1)).toMatchObject({
    task_name: 'notify_supervisor',
    status: 'completed',
    retries: 0,
  })
  expect(await logged('EMP1')).toEqual([
    { run_id: run.flow_run_id, is_late: true, late_minutes: 30, flags: [] },
  ])
  const again = await send(punch('EMP1', '01:31:00'))
  await endedRun(service, again.body.flow_run_id)
  const { body: told } = await call(service, 'GET', 'notifications?subject=employee:EMP1')
  expect(told.total).toBe(1)
  expect(told.notifications[0]).toMatchObject({
    status: 'sandbox',
    channel: 'slack',
    recipient: 'U0BOSS',
    flow_run_id: run.flow_run_id,
    body: '⚠ *Late Check-in Alert*\n\nEmployee: Nguyễn Thị Hoa (EMP1)\nLate by: 30 minutes\nDepartment: Front Office',
  })
})

it('a face not surely recognised fails the run, and is no attendance', async () => {
  const { status, body } = await send(punch('UNSURE', '01:00:00', 0.69))
  expect(status).toBe(202)
  const run = await endedRun(service, body.flow_run_id)
  expect(run).toMatchObject({
    status: 'failed',
    state: 'Failed',
    error: { code: 'low_confidence', task_name: 'validate_attendance_event' },
  })
  expect(await logged('UNSURE')).toEqual([])
  const kept = await test.database.query(
    'select employee_id from prefect.attendance_reviews where run_id = $1',
    [run.flow_run_id],
  )
  expect(kept).toEqual([{ employee_id: 'UNSURE' }])
})

it('an unknown employee is logged, and flagged', async () => {
  const { body } = await send(punch('STRANGER', '01:00:00'))
  expect(await endedRun(service, body.flow_run_id)).toMatchObject({
    status: 'completed',
    result: { is_late: false },
  })
  expect(await logged('STRANGER')).toMatchObject([{ is_late: false, flags: ['unknown_employee'] }])
})

it('the same event twice is one event; a used key with another body is a conflict', async () => {
  const first = await send(punch('TWICE', '01:00:00'))
  const second = await send(punch('TWICE', '01:00:00'))
  expect([first.status, second.status]).toEqual([202, 202])
  expect(second.body).toEqual(first.body)
  expect(first.headers.get('idempotent-replayed')).toBeNull()
  expect(second.headers.get('idempotent-replayed')).toBe('true')
  await endedRun(service, first.body.flow_run_id)
  expect(await logged('TWICE')).toHaveLength(1)
  const key = { 'idempotency-key': 'punch-7' }
  const keyed = await send(punch('KEYED', '01:00:00'), key)
  expect((await send(punch('KEYED', '02:00:00'), key)).status).toBe(409)
  expect((await send(punch('KEYED', '01:00:00'), key)).body).toEqual(keyed.body)
})

it('everything about an employee is found, and an event can be replayed', async () => {
  const { body: first } = await send(punch('TRAIL', '01:00:00'))
  await endedRun(service, first.flow_run_id)
  const { status, body: replayed } = await call(service, 'POST', `events/${first.event_id}/replay`)
  expect(status).toBe(202)
  const [started] = replayed.workflows_triggered
  expect(replayed.event_id).not.toBe(first.event_id)
  expect(started.flow_run_id).not.toBe(first.flow_run_id)
  expect((await endedRun(service, started.flow_run_id)).status).toBe('completed')
  const { body: trail } = await call(service, 'GET', 'events?subject=employee:TRAIL')
  expect(trail).toMatchObject({
    total: 2,
    events: [
      { event_id: replayed.event_id, source: 'replay', replay_of: first.event_id },
      { event_id: first.event_id, source: 'http', replay_of: null, payload: punch('TRAIL', '01:00:00') },
    ],
  })
  // The same sighting: still one punch.
  expect(await logged('TRAIL')).toHaveLength(1)
})

describeWithRabbitMQ('over RabbitMQ', (url) => {
  it('the event of the specification gives a completed run, and a second delivery nothing more', async () => {
    const broker = await openTestBroker(url)
    const env = { RABBITMQ_URL: url, RABBITMQ_PREFIX: broker.prefix }
    const consumer = await startService({ DATABASE_URL: test.url, LOG_LEVEL: 'warn', ...env })
    const event = punch('AMQP', '01:00:00')
    await eventually('the queue to be there', async () => {
      const done = await broker.publish('attendance', event, 'message-1').then(
        () => true,
        () => false,
      )
      return done
    })
    await broker.publish('attendance', event, 'message-1')
    await broker.publish('attendance', punch('AMQP2', '01:00:00'), 'message-2')
    const [run] = await eventually('the last event to be taken in', async () => {
      const { body } = await call(consumer, 'GET', 'events?subject=employee:AMQP2')
      return body.total > 0 && body.events[0].workflows_triggered
    })
    expect((await endedRun(consumer, run.flow_run_id)).status).toBe('completed')
    const { body: trail } = await call(consumer, 'GET', 'events?subject=employee:AMQP')
    expect(trail).toMatchObject({
      total: 1,
      events: [{ source: 'amqp', sender_key: 'message-1', payload: event }],
    })
    const [only] = trail.events[0].workflows_triggered
    expect(await endedRun(consumer, only.flow_run_id)).toMatchObject({
      status: 'completed',
      subjects: ['employee:AMQP'],
    })
    expect(await logged('AMQP')).toHaveLength(1)
    expect(await consumer.stop()).toBe(0)
    await broker.close()
  })
})
