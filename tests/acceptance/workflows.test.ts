/** Workflows, from outside: start, repeat, schedule, cancel, list, watch, and requests that are wrong. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { call, endedRun, readStream, statusOfLargeBody } from '../support/service-client.ts'
import { type ServiceProcess, startService } from '../support/service-process.ts'

let test: TestDatabase
let service: ServiceProcess
beforeAll(async () => {
  test = await createTestDatabase()
  service = await startService({ DATABASE_URL: test.url, LOG_LEVEL: 'warn' })
})
afterAll(async () => {
  await service?.stop()
  await test?.drop()
})

const punch = (employee: string) => ({
  employee_id: employee,
  timestamp: '2025-01-17T01:00:00Z',
  action: 'check_in',
  confidence: 0.98,
})
const trigger = (employee: string, more: object = {}) =>
  call(service, 'POST', 'workflows/trigger', {
    workflow_name: 'process_attendance',
    parameters: punch(employee),
    ...more,
  })

it('a repeated idempotency key finds the first run; with another body it is a conflict', async () => {
  const key = { idempotency_key: 'once' }
  const first = await trigger('I1', key)
  const again = await trigger('I1', key)
  const other = await trigger('I2', key)
  expect([first.status, again.status, other.status]).toEqual([201, 200, 409])
  expect(again.body.flow_run_id).toBe(first.body.flow_run_id)
  expect(again.headers.get('idempotent-replayed')).toBe('true')
  expect(other.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  expect(other.body.detail).toContain('"once"')
  await endedRun(service, first.body.flow_run_id)
  expect((await call(service, 'GET', 'workflows/list?subject=employee:I1')).body.total).toBe(1)
  expect((await call(service, 'GET', 'workflows/list?subject=employee:I2')).body.total).toBe(0)
})

it('a scheduled run can be cancelled, and cancelled again; one that has completed cannot', async () => {
  const { body: later } = await trigger('C1', { scheduled_time: '2099-01-01T00:00:00Z' })
  expect(later.status).toBe('scheduled')
  const cancel = (id: string) => call(service, 'POST', `workflows/cancel/${id}`)
  const first = await cancel(later.flow_run_id)
  expect(first.body).toMatchObject({ previous_status: 'scheduled', new_status: 'cancelled' })
  const second = await cancel(later.flow_run_id)
  expect([second.status, second.body.new_status]).toEqual([200, 'cancelled'])
  const { body: run } = await call(service, 'GET', `workflows/status/${later.flow_run_id}`)
  expect(run).toMatchObject({ status: 'cancelled', state: 'Cancelled', started_at: null, task_runs: [] })

  const { body: now } = await trigger('C2')
  await endedRun(service, now.flow_run_id)
  const late = await cancel(now.flow_run_id)
  expect([late.status, late.body.run_status]).toEqual([409, 'completed'])
  expect((await cancel('fr_no_such_run')).status).toBe(404)
})

it('the list can be narrowed and paged', async () => {
  for (const employee of ['F1', 'F2', 'F3']) {
    const { body } = await trigger(employee)
    await endedRun(service, body.flow_run_id)
  }
  const { body: waiting } = await trigger('F4', { scheduled_time: '2099-01-01T00:00:00Z' })
  const list = async (query: string) => (await call(service, 'GET', `workflows/list?${query}`)).body
  const scheduled = await list('status=scheduled')
  expect(scheduled.workflow_runs.map((run: { flow_run_id: string }) => run.flow_run_id)).toEqual([
    waiting.flow_run_id,
  ])
  expect(await list('subject=employee:F2')).toMatchObject({
    total: 1,
    workflow_runs: [{ subjects: ['employee:F2'] }],
  })
  expect((await list('workflow_name=no_such_workflow')).total).toBe(0)
  expect((await list('started_before=2001-01-01T00:00:00Z')).total).toBe(0)
  const [first, second] = [await list('limit=1'), await list('limit=1&offset=1')]
  expect(first).toMatchObject({ limit: 1, offset: 0, workflow_runs: [{ flow_run_id: waiting.flow_run_id }] })
  expect(second).toMatchObject({
    limit: 1,
    offset: 1,
    total: first.total,
    workflow_runs: [{ subjects: ['employee:F3'] }],
  })
  expect((await call(service, 'GET', 'workflows/list?limit=0&status=done')).status).toBe(422)
})

it('the stream tells of a run as it happens', async () => {
  let runId = ''
  const start = async () => {
    runId = (await trigger('S1')).body.flow_run_id
  }
  const message = await readStream(service, start, ({ event, body }) => {
    return event === 'run' && body.flow_run_id === runId && body.status === 'completed'
  })
  expect(message.body).toMatchObject({ workflow_name: 'process_attendance', subjects: ['employee:S1'] })
})

describe('a wrong request', () => {
  it('that is no JSON is a 400', async () => {
    for (const path of ['workflows/trigger', 'events/attendance']) {
      const { status, body, headers } = await call(service, 'POST', path, '{"employee_id": ')
      expect(headers.get('content-type')).toMatch(/^application\/problem\+json/)
      expect([status, body.code]).toEqual([400, 'malformed_json'])
    }
  })

  it('with wrong fields is a 422 that names every one', async () => {
    const wrong = { employee_id: '', timestamp: 'noon', action: 'lunch', confidence: 7 }
    const named = (body: { errors: { path: string }[] }) => body.errors.map(({ path }) => path).sort()
    const event = await call(service, 'POST', 'events/attendance', wrong)
    expect(event.status).toBe(422)
    expect(named(event.body)).toEqual([
      'body.action',
      'body.confidence',
      'body.employee_id',
      'body.timestamp',
    ])
    const parameters = { workflow_name: 'process_attendance', parameters: wrong }
    const run = await call(service, 'POST', 'workflows/trigger', parameters)
    expect(run.status).toBe(422)
    expect(named(run.body)).toEqual(
      ['action', 'confidence', 'employee_id', 'timestamp'].map((field) => `body.parameters.${field}`),
    )
    const kept = await call(service, 'GET', 'events?status=rejected')
    expect(kept.body.events).toContainEqual(
      expect.objectContaining({ payload: wrong, errors: event.body.errors }),
    )
  })

  it('of 50 MB is a 413, and the service goes on', async () => {
    expect(await statusOfLargeBody(service, 'events/attendance', 50_000_000)).toBe(413)
    expect(await statusOfLargeBody(service, 'workflows/trigger', 50_000_000)).toBe(413)
    expect((await call(service, 'GET', 'health')).body.status).toBe('healthy')
  })

  it('for something else is told so', async () => {
    expect((await call(service, 'GET', 'workflows/status/fr_no_such_run')).status).toBe(404)
    expect((await call(service, 'GET', 'no/such/route')).status).toBe(404)
    const plain = { 'content-type': 'text/plain' }
    expect((await call(service, 'POST', 'events/attendance', 'hello', plain)).status).toBe(415)
  })
})
