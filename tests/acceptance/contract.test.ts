/** Every JSON example of the specification, sent to and answered by the service as it is shipped. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { openTestBroker } from '../support/service-broker.ts'
import { call, endedRun } from '../support/service-client.ts'
import { type ServiceProcess, startService } from '../support/service-process.ts'
import { rabbitmqUrl, redisUrl } from '../support/services.ts'
import { expectSameForm } from './same-form.ts'

interface Example {
  endpoint: string
  request?: Record<string, unknown>
  response: Record<string, unknown>
}
const file = join(import.meta.dirname, 'fixtures/seed-examples.json')
const examples = JSON.parse(readFileSync(file, 'utf8')) as Example[]

function example(endpoint: string) {
  const found = examples.find((one) => one.endpoint === endpoint)
  if (found === undefined) throw new Error(`There is no example of ${endpoint}`)
  return { request: found.request ?? {}, response: found.response }
}
const trigger = example('POST /api/v1/prefect/workflows/trigger')
const status = example('GET /api/v1/prefect/workflows/status/{flow_run_id}')
const cancel = example('POST /api/v1/prefect/workflows/cancel/{flow_run_id}')
const list = example('GET /api/v1/prefect/workflows/list')
const attendance = example('POST /api/v1/prefect/events/attendance')
const createSchedule = example('POST /api/v1/prefect/schedule/create')
const listSchedules = example('GET /api/v1/prefect/schedule/list')
const deleteSchedule = example('DELETE /api/v1/prefect/schedule/{schedule_id}')
const health = example('GET /api/v1/prefect/health')

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

describe('events/attendance', () => {
  it('is accepted as written, and its run completes', async () => {
    const { status: code, body } = await call(service, 'POST', 'events/attendance', attendance.request)
    expect(code).toBe(202)
    expectSameForm(body, attendance.response, ['status'])
    const run = await endedRun(service, body.flow_run_id)
    expect(run).toMatchObject({
      status: 'completed',
      workflow_name: 'process_attendance',
      event_id: body.event_id,
    })
    const { body: event } = await call(service, 'GET', `events/${body.event_id}`)
    expect(event.payload).toEqual(attendance.request)
    // The run is given the same, its time as an instant.
    const at = new Date(String(attendance.request.timestamp)).toISOString()
    expect(run.parameters).toEqual({ ...attendance.request, timestamp: at })
  })
})

describe('workflows', () => {
  // Until there are reports. Then the first half goes: 201, and the answer has the form of the example.
  it('trigger: the example, whose workflow is not there yet, is told which there are', async () => {
    const { status: code, body } = await call(service, 'POST', 'workflows/trigger', trigger.request)
    expect(code).toBe(404)
    expect(body).toMatchObject({ status: 404, code: 'unknown_workflow' })
    expect(body.detail).toContain('"daily_report_generation"')
    expect(body.detail).toContain('GET /api/v1/prefect/workflows lists them')
    const { body: catalogue } = await call(service, 'GET', 'workflows')
    const names = catalogue.workflows.map(({ name }: { name: string }) => name)
    expect(names).not.toContain('daily_report_generation')
    expect(names).toContain('process_attendance')
    const typo = { ...trigger.request, workflow_name: 'proces_attendance' }
    expect((await call(service, 'POST', 'workflows/trigger', typo)).body.detail).toContain(
      '"process_attendance"',
    )
  })

  it('trigger, later: the answer has the form of the example', async () => {
    const request = {
      ...trigger.request,
      workflow_name: 'process_attendance',
      parameters: attendance.request,
      scheduled_time: '2099-01-17T23:00:00Z',
    }
    const { status: code, body } = await call(service, 'POST', 'workflows/trigger', request)
    expect(code).toBe(201)
    expectSameForm(body, trigger.response, ['status'])
    expect(body).toMatchObject({
      workflow_name: 'process_attendance',
      scheduled_start: '2099-01-17T23:00:00Z',
      parameters: attendance.request,
    })
  })

  it('status: a completed run has the form of the example, with its tasks', async () => {
    const request = { workflow_name: 'process_attendance', parameters: attendance.request }
    const { body: started } = await call(service, 'POST', 'workflows/trigger', request)
    const run = await endedRun(service, started.flow_run_id)
    expectSameForm(run, status.response, ['status'])
    expect(run.result).toEqual({ log_id: expect.any(Number), is_late: false, status: 'completed' })
    expect(run.task_runs.map(({ task_name }: { task_name: string }) => task_name)).toEqual([
      'validate_attendance_event',
      'log_attendance_to_db',
      'check_if_late',
    ])
  })

  it('cancel: the answer has the form of the example', async () => {
    const later = { scheduled_time: '2099-01-17T23:00:00Z' }
    const request = { workflow_name: 'process_attendance', parameters: attendance.request, ...later }
    const { body: started } = await call(service, 'POST', 'workflows/trigger', request)
    const { status: code, body } = await call(service, 'POST', `workflows/cancel/${started.flow_run_id}`)
    expect(code).toBe(200)
    expectSameForm(body, cancel.response)
    expect(body).toMatchObject({ flow_run_id: started.flow_run_id, previous_status: 'scheduled' })
  })

  it('list: the answer has the form of the example', async () => {
    const { status: code, body } = await call(service, 'GET', 'workflows/list?status=completed')
    expect(code).toBe(200)
    expectSameForm(body, list.response, ['status'])
    const defaults = { limit: list.response.limit, offset: list.response.offset }
    expect(body).toMatchObject({ ...defaults, total: body.workflow_runs.length })
  })
})

describe('schedules', () => {
  // Until models are trained here. Then the example itself is declared.
  it('create: the example, whose workflow is not there yet, is told so', async () => {
    const { status: code, body } = await call(service, 'POST', 'schedule/create', createSchedule.request)
    expect([code, body.code]).toEqual([404, 'unknown_workflow'])
    expect(body.detail).toContain('"ml_model_retrain"')
  })

  it('create, list, delete: the answers have the form of the examples', async () => {
    const request = {
      ...createSchedule.request,
      workflow: 'process_attendance',
      parameters: { ...attendance.request, timestamp: '{{nominal}}' },
    }
    const { status: code, body } = await call(service, 'POST', 'schedule/create', request)
    expect(code).toBe(201)
    expectSameForm(body, createSchedule.response, ['schedule', 'name'])
    expect(body.next_run).toMatch(/T02:00:00\+07:00$/)
    const { body: run } = await call(service, 'POST', `schedule/${body.schedule_id}/run`)
    await endedRun(service, run.flow_run_id)
    const { body: page } = await call(service, 'GET', 'schedule/list?workflow=process_attendance')
    expect(page.total).toBe(1)
    expectSameForm(page, listSchedules.response, ['status'])
    const { body: deleted } = await call(service, 'DELETE', `schedule/${body.schedule_id}`)
    expectSameForm(deleted, deleteSchedule.response, ['status'])
    expect((await call(service, 'GET', 'schedule/list?workflow=process_attendance')).body.total).toBe(0)
  })
})

describe('health', () => {
  it('names every part; what is not configured is disabled and degrades nothing', async () => {
    const { status: code, body } = await call(service, 'GET', 'health')
    expect(code).toBe(200)
    const checks = health.response.checks as Record<string, unknown>
    const disabled = { status: 'disabled' }
    expect(body.checks).toMatchObject({ redis: disabled, rabbitmq: disabled })
    expectSameForm(body, { ...health.response, checks: { ...checks, redis: disabled, rabbitmq: disabled } }, [
      'status',
    ])
  })

  const rabbitmq = rabbitmqUrl()
  const redis = redisUrl()
  it.skipIf(rabbitmq === undefined || redis === undefined)(
    'with RabbitMQ and Redis has the form of the example',
    async () => {
      const broker = await openTestBroker(rabbitmq as string)
      const env = {
        RABBITMQ_URL: rabbitmq as string,
        RABBITMQ_PREFIX: broker.prefix,
        REDIS_URL: redis as string,
      }
      const whole = await startService({ DATABASE_URL: test.url, LOG_LEVEL: 'warn', ...env })
      const { body } = await eventually('the service to be healthy', async () => {
        const answer = await call(whole, 'GET', 'health')
        return answer.body.status === 'healthy' && answer
      })
      const checks = body.checks.rabbitmq.queues as Record<string, unknown>
      const queues = Object.fromEntries(
        Object.entries(checks).map(([name, depth]) => [name.replace(broker.prefix, ''), depth]),
      )
      expect(queues).toHaveProperty(['attendance.events'])
      const known = health.response.checks as { rabbitmq: { queues: Record<string, unknown> } }
      const named = Object.entries(known.rabbitmq.queues).filter(([name]) => name in queues)
      known.rabbitmq.queues = Object.fromEntries(named)
      body.checks.rabbitmq.queues = queues
      expectSameForm(body, health.response, ['status'])
      expect(await whole.stop()).toBe(0)
      await broker.close()
    },
  )
})
