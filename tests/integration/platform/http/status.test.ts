import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { RunDetail } from '../../../../src/platform/contract/run.ts'
import { GiveUp } from '../../../../src/platform/engine/errors.ts'
import {
  type AnyFlow,
  defineFlow,
  defineTask,
  defineTransaction,
  type Flow,
} from '../../../../src/platform/engine/flow.ts'
import { newRunId } from '../../../../src/platform/engine/ids.ts'
import { buildServer } from '../../../../src/platform/http/server.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { eventually } from '../../../support/eventually.ts'
import { signalNamed } from '../../../support/signals.ts'
import { call, httpDeps } from './http-rig.ts'

interface Deps {
  failures: number
}

const punch = defineTransaction({
  name: 'record_punch',
  run: async (_deps: Deps, input: { employee: string }, { part }) => {
    await part('validate_attendance_event', () => undefined)
    return part('log_attendance_to_db', () => input.employee.length)
  },
})
const flaky = defineTask({
  name: 'flaky',
  retry: { attempts: 3, firstDelaySeconds: 0.01 },
  run: async (deps: Deps, _input: null, { attempt }) => {
    if (attempt <= deps.failures) throw Object.assign(new Error(`no ${attempt}`), { code: 'not_yet' })
    return 'done'
  },
})
const hopeless = defineTask({
  name: 'hopeless',
  run: async (_deps: Deps, _input: null): Promise<void> => {
    throw new GiveUp('refused', 'It was refused.')
  },
})

const good = defineFlow({
  name: 'good',
  description: 'everything a run can do, well',
  parameters: z.object({ employee: z.string() }),
  subjects: ({ employee }) => [`employee:${employee}`],
  estimatedMinutes: 1,
  async run(flow: Flow<Deps>, parameters) {
    const length = await flow.task(punch, parameters)
    await flow.now()
    await flow.uuid()
    flow.log('half way')
    await flow.waitFor(signalNamed('go'), { within: 600 })
    await flow.task(flaky, null)
    return { length, text: 'xin chào' }
  },
})
const bad = defineFlow({
  name: 'bad',
  description: 'fails for good',
  parameters: z.object({}),
  subjects: () => [],
  estimatedMinutes: 1,
  run: (flow: Flow<Deps>) => flow.task(hopeless, null),
})

let rig: DurableRig
let app: Awaited<ReturnType<typeof buildServer>>
beforeAll(async () => {
  const flows: AnyFlow[] = [good, bad]
  rig = await openDurableRig(flows, { failures: 2 })
  app = await buildServer(
    httpDeps(rig.database, rig.engine, { flows: new Map(flows.map((flow) => [flow.name, flow])) }),
  )
})
afterAll(async () => {
  await app.close()
  await rig.close()
})

const trigger = async (workflow_name: string, parameters: unknown): Promise<string> => {
  const answer = await call(app, 'POST', 'workflows/trigger', { body: { workflow_name, parameters } })
  expect(answer.status).toBe(201)
  return answer.body.flow_run_id
}
const statusOf = async (id: string) =>
  RunDetail.strict().parse((await call(app, 'GET', `workflows/status/${id}`)).body)
const reaches = (id: string, status: string) =>
  eventually(`${id} ${status}`, async () => {
    const run = await statusOf(id)
    return run.status === status && run
  })

it('shows a real run while it waits and when it has completed, task by task', async () => {
  const id = await trigger('good', { employee: 'EMP001' })
  const waiting = await reaches(id, 'waiting')
  expect(waiting.state).toBe('Paused')
  expect(waiting).not.toHaveProperty('result')
  expect(waiting.task_runs.map(({ task_name, status }) => [task_name, status])).toEqual([
    ['validate_attendance_event', 'completed'],
    ['log_attendance_to_db', 'completed'],
    ['wait_for:go', 'waiting'],
  ])
  expect((await call(app, 'POST', `workflows/signal/${id}/go`)).status).toBe(202)

  const run = await reaches(id, 'completed')
  expect(run).toMatchObject({
    state: 'Completed',
    parameters: { employee: 'EMP001' },
    subjects: ['employee:EMP001'],
    created_by: 'key-admin',
    recoveries: 0,
    result: { length: 6, text: 'xin chào' },
  })
  expect(run).not.toHaveProperty('error')
  expect(run.duration_seconds).toBeCloseTo(
    (Date.parse(run.completed_at ?? '') - Date.parse(run.started_at ?? '')) / 1000,
    2,
  )
  expect(new Set(run.task_runs.map((task) => task.task_run_id)).size).toBe(run.task_runs.length)
  const task = run.task_runs.at(-1)
  expect(task).toMatchObject({ task_name: 'flaky', status: 'completed', retries: 2 })
  expect(task?.attempts.map(({ attempt, status, error }) => [attempt, status, error?.message])).toEqual([
    [1, 'failed', 'no 1'],
    [2, 'failed', 'no 2'],
    [3, 'completed', undefined],
  ])
  const logged = await eventually('the log to be written', async () => {
    const { body } = await call(app, 'GET', `workflows/logs/${id}`)
    return body.logs.length > 0 && body.logs
  })
  expect(logged).toMatchObject([{ level: 'info', message: 'half way', task_name: null }])
})

it('shows why a run failed, and counts no retry that was not made', async () => {
  const id = await trigger('bad', {})
  const run = await reaches(id, 'failed')
  expect(run.error).toEqual({ code: 'refused', message: 'It was refused.', task_name: 'hopeless' })
  expect(run).not.toHaveProperty('result')
  expect(run.task_runs).toMatchObject([{ task_name: 'hopeless', status: 'failed', retries: 0 }])
  expect(run.task_runs[0]?.attempts).toHaveLength(1)
  expect(run.recoveries).toBe(0)

  const retried = await call(app, 'POST', `workflows/retry/${id}`)
  expect(retried.body).toMatchObject({ status: 'accepted', retried_from: 'hopeless' })
  const again = await eventually('the second failure', async () => {
    const now = await statusOf(id)
    return now.status === 'failed' && now.task_runs[0]?.attempts.length === 2 && now
  })
  expect(again.task_runs[0]?.retries).toBe(1)
  expect(again.recoveries).toBe(1)
})

it('says of a crashed run how often its worker died', async () => {
  const runId = newRunId()
  await rig.engine.start({
    runId,
    flow: good,
    parameters: { employee: 'E' },
    scheduledFor: new Date(Date.now() + 9e6),
  })
  await rig.database.query(
    `update dbos.workflow_status set status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' where workflow_uuid = $1`,
    [runId],
  )
  await rig.database.query(
    `update prefect.flow_runs set recoveries = 4, deaths = '{0,0,0,0}' where id = $1`,
    [runId],
  )
  const run = await statusOf(runId)
  expect([run.status, run.recoveries]).toEqual(['crashed', 4])
  expect(run.created_by).toBeNull()
  expect(run.error).toEqual({
    code: 'crashed',
    message: 'Its worker died 4 times in a row while running it; parked.',
    task_name: null,
  })
})
