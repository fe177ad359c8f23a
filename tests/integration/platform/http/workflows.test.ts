import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CancelAnswer, Catalogue, RunList, TriggerAnswer } from '../../../../src/platform/contract/run.ts'
import { createEstimates } from '../../../../src/platform/http/estimates.ts'
import { CATALOGUE, type HttpRig, openHttpRig } from './http-rig.ts'

let rig: HttpRig
beforeAll(async () => {
  rig = await openHttpRig()
})
afterAll(() => rig.close())

const example = {
  workflow_name: 'daily_report_generation',
  parameters: {
    date: '2025-01-17',
    report_types: ['occupancy', 'revenue', 'housekeeping'],
    recipients: ['manager@hotel.com'],
  },
  scheduled_time: '2025-01-17T23:00:00Z',
}
const trigger = (body: unknown) => rig.call('POST', 'workflows/trigger', { body })
const endedAs = (id: string, status: string) =>
  rig.database.query(
    `update dbos.workflow_status set status = $2, started_at_epoch_ms = 1000000, completed_at = 1120000
     where workflow_uuid = $1`,
    [id, status],
  )

describe('trigger', () => {
  it('takes the example of the specification: in the past, so it runs now', async () => {
    const answer = await trigger({ ...example, idempotency_key: 'report_2025_01_17' })
    expect(answer.status).toBe(201)
    expect(TriggerAnswer.parse(answer.body)).toMatchObject({
      workflow_name: 'daily_report_generation',
      status: 'pending',
      estimated_duration_minutes: 15,
      parameters: example.parameters,
    })
    expect(answer.body.flow_run_id).toMatch(/^fr_[0-9a-z]{26}$/)
  })

  it('schedules what lies in the future, on the hotel clock when no offset is given', async () => {
    const answer = await trigger({ ...example, scheduled_time: '2999-01-17T23:00:00' })
    expect(answer.status).toBe(201)
    expect(answer.body).toMatchObject({ status: 'scheduled', scheduled_start: '2999-01-17T16:00:00Z' })
    const run = await rig.call('GET', `workflows/status/${answer.body.flow_run_id}`)
    expect(run.body).toMatchObject({ status: 'scheduled', state: 'Scheduled', started_at: null })
  })

  it('answers a repeated key with the first run, whatever the order of the members', async () => {
    const first = await trigger({ ...example, idempotency_key: 'again' })
    const { date, ...rest } = example.parameters
    const second = await trigger({ idempotency_key: 'again', ...example, parameters: { ...rest, date } })
    expect(second.status).toBe(200)
    expect(second.headers['idempotent-replayed']).toBe('true')
    expect(second.body).toEqual({ ...first.body, status: 'pending' })
    expect(first.headers['idempotent-replayed']).toBeUndefined()
  })

  it('refuses a key that comes back with another body, and keeps keys of workflows apart', async () => {
    await trigger({ ...example, idempotency_key: 'other' })
    const other = await trigger({ ...example, parameters: { date: '2025-01-18' }, idempotency_key: 'other' })
    expect(other.status).toBe(409)
    expect(other.body).toMatchObject({ status: 409, code: 'idempotency_conflict' })
    const parameters = {
      employee_id: 'E1',
      timestamp: '2025-01-17T08:30:00Z',
      action: 'check_in',
      confidence: 1,
    }
    const elsewhere = await trigger({
      workflow_name: 'process_attendance',
      parameters,
      idempotency_key: 'other',
    })
    expect(elsewhere.status).toBe(201)
  })

  it('starts one run for one key under a race', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => trigger({ ...example, idempotency_key: 'race' })),
    )
    expect(new Set(answers.map((answer) => answer.body.flow_run_id)).size).toBe(1)
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201])
  })

  it('names the nearest workflows for an unknown one', async () => {
    const answer = await trigger({ workflow_name: 'daily_report_generaton' })
    expect(answer.status).toBe(404)
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(answer.body.detail).toContain('Did you mean "daily_report_generation"?')
  })

  it('names every wrong field, of the request and of the parameters', async () => {
    const request = await trigger({ workflow_name: 7, scheduled_time: '2025-02-30T10:00:00Z', priority: -1 })
    expect(request.status).toBe(422)
    expect(paths(request.body)).toEqual(['body.priority', 'body.scheduled_time', 'body.workflow_name'])
    const parameters = await trigger({ ...example, parameters: { date: 'soon', recipients: ['nobody'] } })
    expect(parameters.status).toBe(422)
    expect(paths(parameters.body)).toEqual(['body.parameters.date', 'body.parameters.recipients.0'])
  })

  it.each([
    [[1, 4, 100], 4],
    // Milliseconds.
    [[0.00005, 0.0001], 0.01],
    [[1.23456], 1.23],
    [[], 15],
  ])('estimates by the median of completed runs, to the hundredth: %j', async (took, estimate) => {
    const fresh = await openHttpRig()
    try {
      for (const minutes of took) {
        const { body } = await fresh.call('POST', 'workflows/trigger', { body: { ...example } })
        await fresh.database.query(
          `update dbos.workflow_status set status = 'SUCCESS', started_at_epoch_ms = 0, completed_at = $2
           where workflow_uuid = $1`,
          [body.flow_run_id, Math.round(minutes * 60_000)],
        )
      }
      // A server's first estimate is remembered for a while: another one asks anew.
      const flow = CATALOGUE.get(example.workflow_name)
      expect(flow && (await createEstimates(fresh.database)(flow))).toBe(estimate)
    } finally {
      await fresh.close()
    }
  })
})

describe('cancel, retry, signal', () => {
  it('cancels a run that waits in the queue; again is the same; what ended otherwise is a conflict', async () => {
    const { body: run } = await trigger(example)
    const first = await rig.call('POST', `workflows/cancel/${run.flow_run_id}`)
    expect(first.status).toBe(200)
    expect(CancelAnswer.parse(first.body)).toMatchObject({
      flow_run_id: run.flow_run_id,
      previous_status: 'pending',
      new_status: 'cancelled',
      message: 'Workflow cancelled by user request',
    })
    const again = await rig.call('POST', `workflows/cancel/${run.flow_run_id}`)
    expect([again.status, again.body.new_status]).toEqual([200, 'cancelled'])

    const { body: done } = await trigger(example)
    await endedAs(done.flow_run_id, 'SUCCESS')
    const late = await rig.call('POST', `workflows/cancel/${done.flow_run_id}`)
    expect([late.status, late.body.run_status]).toEqual([409, 'completed'])
  })

  it('retries what failed and nothing else', async () => {
    const { body: run } = await trigger(example)
    const early = await rig.call('POST', `workflows/retry/${run.flow_run_id}`)
    expect([early.status, early.body.run_status]).toEqual([409, 'pending'])
    await endedAs(run.flow_run_id, 'ERROR')
    const retried = await rig.call('POST', `workflows/retry/${run.flow_run_id}`)
    expect([retried.status, retried.body.status]).toEqual([202, 'accepted'])
    expect((await rig.call('GET', `workflows/status/${run.flow_run_id}`)).body.status).toBe('pending')
  })

  it('delivers a signal with and without a payload', async () => {
    const { body: run } = await trigger(example)
    const path = `workflows/signal/${run.flow_run_id}/approved`
    expect((await rig.call('POST', path)).status).toBe(202)
    expect((await rig.call('POST', path, { body: { payload: { by: 'EMP1' } } })).status).toBe(202)
    expect((await rig.call('POST', path, { raw: '' })).status).toBe(202)
    const rows = await rig.database.query(
      'select signal, payload from prefect.run_signals where run_id = $1 order by id',
      [run.flow_run_id],
    )
    expect(rows).toEqual([
      { signal: 'approved', payload: null },
      { signal: 'approved', payload: { by: 'EMP1' } },
      { signal: 'approved', payload: null },
    ])
    await endedAs(run.flow_run_id, 'SUCCESS')
    expect((await rig.call('POST', path)).status).toBe(409)
  })

  it.each(['status', 'cancel', 'retry', 'logs', 'signal'])('%s: 404 for a run there is not', async (verb) => {
    const method = verb === 'status' || verb === 'logs' ? 'GET' : 'POST'
    const path = `workflows/${verb}/fr_nobody${verb === 'signal' ? '/go' : ''}`
    const answer = await rig.call(method, path)
    expect([answer.status, answer.body.code]).toEqual([404, 'run_not_found'])
  })
})

describe('list', () => {
  it('pages newest first, with the exact total, and filters', async () => {
    const fresh = await openHttpRig()
    try {
      const ids: string[] = []
      for (let day = 1; day <= 5; day++) {
        const body = { workflow_name: example.workflow_name, parameters: { date: `2025-01-0${day}` } }
        ids.unshift((await fresh.call('POST', 'workflows/trigger', { body })).body.flow_run_id)
      }
      const [newest, second] = ids as [string, string]
      await fresh.database.query(
        `update dbos.workflow_status set status = 'SUCCESS', started_at_epoch_ms = $2, completed_at = $3
         where workflow_uuid = $1`,
        [second, Date.parse('2025-01-17T23:00:00Z'), Date.parse('2025-01-17T23:12:34Z')],
      )
      const list = async (query: string) =>
        RunList.parse((await fresh.call('GET', `workflows/list?${query}`)).body)
      const idsOf = async (query: string) => (await list(query)).workflow_runs.map((run) => run.flow_run_id)

      const page = await list('limit=2&offset=1')
      expect(page).toMatchObject({ total: 5, limit: 2, offset: 1 })
      expect(page.workflow_runs.map((run) => run.flow_run_id)).toEqual(ids.slice(1, 3))
      expect(page.workflow_runs[0]).toMatchObject({
        status: 'completed',
        state: 'Completed',
        started_at: '2025-01-17T23:00:00Z',
        completed_at: '2025-01-17T23:12:34Z',
        duration_seconds: 754,
      })
      expect(await idsOf('status=completed')).toEqual([second])
      expect(await idsOf('status=pending&limit=1')).toEqual([newest])
      expect(await idsOf('subject=date:2025-01-05')).toEqual([newest])
      expect(await idsOf('subject=date:2025-01-05&status=completed')).toEqual([])
      expect(await idsOf('started_after=2025-01-18T05:59:00')).toEqual([second])
      expect(await idsOf('started_after=2025-01-18T06:01:00')).toEqual([])
      expect(await idsOf('started_before=2025-01-17T22:00:00Z')).toEqual([])
      expect((await list('workflow_name=nothing')).total).toBe(0)
      expect((await list('offset=50')).total).toBe(5)
    } finally {
      await fresh.close()
    }
  })

  it.each(['limit=0', 'limit=201', 'limit=x', 'status=done', 'offset=-1', 'started_after=yesterday'])(
    'refuses %s by name',
    async (query) => {
      const answer = await rig.call('GET', `workflows/list?${query}`)
      expect(answer.status).toBe(422)
      expect(paths(answer.body)).toEqual([`query.${query.split('=')[0]}`])
    },
  )
})

describe('catalogue and logs', () => {
  it('shows each workflow with the schema of its parameters', async () => {
    const { workflows, total } = Catalogue.parse((await rig.call('GET', 'workflows')).body)
    expect(total).toBe(CATALOGUE.size)
    const report = workflows.find((workflow) => workflow.name === 'daily_report_generation')
    expect(report).toMatchObject({
      queue: 'default',
      schedules: [],
      parameters: { type: 'object', required: ['date'] },
    })
  })

  it('gives the log in order', async () => {
    const { body: run } = await trigger(example)
    const id = run.flow_run_id
    expect((await rig.call('GET', `workflows/logs/${id}`)).body).toEqual({ flow_run_id: id, logs: [] })
    await rig.database.query(
      `insert into prefect.run_logs (run_id, key, at, level, message, task_name, fields) values
       ($1, '2', '2025-01-17T10:00:02Z', 'warn', 'second', null, null),
       ($1, '1', '2025-01-17T10:00:01.5Z', 'info', 'first', 'log_it', '{"n": 1}')`,
      [id],
    )
    expect((await rig.call('GET', `workflows/logs/${id}`)).body.logs).toEqual([
      {
        at: '2025-01-17T10:00:01.500Z',
        level: 'info',
        message: 'first',
        task_name: 'log_it',
        fields: { n: 1 },
      },
      { at: '2025-01-17T10:00:02Z', level: 'warn', message: 'second', task_name: null, fields: null },
    ])
  })
})

const paths = (problem: { errors: { path: string }[] }) => problem.errors.map((error) => error.path).sort()
