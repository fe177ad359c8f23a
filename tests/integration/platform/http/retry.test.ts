import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NewRunAnswer, RetryAnswer, RetryPreview } from '../../../../src/platform/contract/retry.ts'
import { type HttpRig, openHttpRig } from './http-rig.ts'

let rig: HttpRig
beforeAll(async () => {
  rig = await openHttpRig()
})
afterAll(() => rig?.close())

const parameters = { date: '2025-01-17', report_types: ['occupancy'] }

async function endedRun(
  status: string,
  tasks: { name: string; kind: string; error?: string }[] = [],
): Promise<string> {
  const body = { workflow_name: 'daily_report_generation', parameters }
  const id: string = (await rig.call('POST', 'workflows/trigger', { body })).body.flow_run_id
  for (const [step, { name, kind, error }] of tasks.entries()) {
    await rig.database.query(
      `insert into dbos.operation_outputs (workflow_uuid, function_id, function_name, output, error, started_at_epoch_ms,
                                           completed_at_epoch_ms, serialization)
       values ($1, $2, $3, $4, $5, 1000, 2000, 'portable_json')`,
      [id, step, name, JSON.stringify({ k: kind }), error ?? null],
    )
  }
  const failed = tasks.flatMap(({ error }, step) => (error ? [step] : []))
  if (status === 'ERROR') {
    await rig.database.query('insert into dbos.workflow_output (workflow_uuid, error) values ($1, $2)', [
      id,
      JSON.stringify({ code: 'broken', message: 'Broken.', data: { steps: failed } }),
    ])
  }
  await rig.database.query('update dbos.workflow_status set status = $2 where workflow_uuid = $1', [
    id,
    status,
  ])
  return id
}

const FAILED = [
  { name: 'collect', kind: 'task' },
  { name: 'store', kind: 'transaction' },
  { name: 'send', kind: 'task', error: '{"code": "broken", "message": "Broken."}' },
]
const preview = (id: string, from?: string) =>
  rig.call('GET', `workflows/retry/${id}/preview${from === undefined ? '' : `?from_task=${from}`}`)
const retry = (id: string, body?: unknown, headers: Record<string, string> = {}) =>
  rig.call('POST', `workflows/retry/${id}`, { body, headers })
const names = (tasks: { task_name: string }[]) => tasks.map((task) => task.task_name)

describe('preview', () => {
  it('says which tasks run again and which do not, by default and from a task on', async () => {
    const id = await endedRun('ERROR', FAILED)
    const plain = RetryPreview.parse((await preview(id)).body)
    expect(plain).toMatchObject({
      flow_run_id: id,
      status: 'failed',
      allowed: true,
      reason: null,
      from_task: 'send',
    })
    expect([names(plain.runs_again), names(plain.kept)]).toEqual([['send'], ['collect', 'store']])
    const from = RetryPreview.parse((await preview(id, 'store')).body)
    const task = (step: number, task_name: string, status: string) => ({
      task_run_id: `${id}.${step}`,
      task_name,
      status,
    })
    expect(from.runs_again).toEqual([
      { ...task(1, 'store', 'completed'), kind: 'transaction', effect: 'database' },
      { ...task(2, 'send', 'failed'), kind: 'task', effect: 'outside' },
    ])
    expect(names(from.kept)).toEqual(['collect'])
    // Nothing of it was done.
    expect((await preview(id, 'store')).body).toEqual(from)
  })

  it('names whom the run notified, and whether that can come twice', async () => {
    const id = await endedRun('ERROR', FAILED)
    const said: [status: string, sending: boolean][] = [
      ['sent', true],
      ['pending', true],
      ['failed', false],
    ]
    for (const [index, [status, sending]] of said.entries()) {
      await rig.database.query(
        `insert into prefect.notifications (id, channel, recipient, template, subject_key, language, body, status, run_id,
                                            sending_since)
         values ($1, 'email', 'sen@example.com', 'report', $1, 'vi', 'text', $2, $3, case when $4 then now() end)`,
        [`ntf_${id}_${index}`, status, id, sending],
      )
    }
    const { notifies_again } = RetryPreview.parse((await preview(id)).body)
    expect(notifies_again[0]).toEqual({
      notification_id: `ntf_${id}_0`,
      channel: 'email',
      recipient: 'sen@example.com',
      template: 'report',
      status: 'sent',
      sent_once: true,
      in_doubt: false,
    })
    expect(notifies_again.map(({ sent_once, in_doubt }) => [sent_once, in_doubt])).toEqual([
      [true, false],
      [false, true],
      [false, false],
    ])
    // Done anew under other keys, what is said may be about something new, which nobody has heard of.
    const anew = RetryPreview.parse((await preview(id, 'store')).body).notifies_again
    expect(anew.map(({ sent_once }) => sent_once)).toEqual([false, false, false])
  })

  it('says why it is not allowed, names tasks that are like the one it does not know, and needs to read only', async () => {
    const done = await endedRun('SUCCESS')
    const refused = (await preview(done, 'collect')).body
    expect(refused).toMatchObject({ allowed: false, runs_again: [], kept: [] })
    expect(refused.reason).toMatch(
      /^The run is completed: each run has one recorded outcome\. Give `parameters`/,
    )
    const id = await endedRun('ERROR', FAILED)
    const unknown = await preview(id, 'colect')
    expect([unknown.status, unknown.body.errors]).toEqual([
      422,
      [{ path: 'query.from_task', message: 'the run has no task "colect". Did you mean "collect"?' }],
    ])
    expect((await preview(id, 'x')).body.errors[0].message).toContain('It has "collect", "store", "send".')
    expect((await preview('fr_nobody')).status).toBe(404)
    const path = `workflows/retry/${id}/preview`
    const asked = await Promise.all(
      (['read', 'workflows:write'] as const).map((key) => rig.call('GET', path, { key })),
    )
    expect(asked.map(({ status }) => status)).toEqual([200, 403])
  })
})

describe('from a task on', () => {
  it('does what the preview said, and names what is applied again; a repeat has nothing to do', async () => {
    const id = await endedRun('ERROR', FAILED)
    const { runs_again, children } = (await preview(id, 'store')).body
    const { status, body } = await retry(id, { from_task: 'store' })
    expect(status).toBe(202)
    expect(RetryAnswer.parse(body)).toEqual({
      flow_run_id: id,
      status: 'accepted',
      retried_from: 'store',
      message: 'Workflow runs again from store; applied again: store',
      runs_again,
      children,
    })
    const run = (await rig.call('GET', `workflows/status/${id}`)).body
    expect([run.status, names(run.task_runs)]).toEqual(['pending', ['collect']])
    const again = await retry(id, { from_task: 'store' })
    expect([again.status, again.body.run_status]).toEqual([409, 'pending'])
  })

  it('without a body, with an empty one and with null it answers as ever', async () => {
    for (const body of [undefined, {}, null]) {
      const id = await endedRun('ERROR', FAILED)
      expect((await retry(id, body)).body).toEqual({
        flow_run_id: id,
        status: 'accepted',
        retried_from: 'send',
        message: 'Workflow runs again from send',
      })
    }
  })

  it('names what is wrong with the request', async () => {
    const id = await endedRun('ERROR', FAILED)
    const wrong = async (body: unknown) => {
      const answer = await retry(id, body)
      return [answer.status, answer.body.errors.map(({ path }: { path: string }) => path)]
    }
    expect(await wrong({ from_task: 'store', parameters: {} })).toEqual([422, ['body.from_task']])
    expect(await wrong({ from_task: 'stores' })).toEqual([422, ['body.from_task']])
    expect(await wrong({ fromtask: 'store' })).toEqual([422, ['body']])
    expect(await wrong({ parameters: { date: 'soon', recipients: ['nobody'] } })).toEqual([
      422,
      ['body.parameters.date', 'body.parameters.recipients.0'],
    ])
    expect((await rig.call('GET', `workflows/status/${id}`)).body.status).toBe('failed')
    const reader = await rig.call('POST', `workflows/retry/${id}`, { key: 'read' })
    expect(reader.status).toBe(403)
  })
})

describe('with other parameters', () => {
  const other = { date: '2025-01-18' }

  it.each(['ERROR', 'SUCCESS', 'CANCELLED'])(
    'a new run of one that ended as %s names its origin',
    async (status) => {
      const id = await endedRun(status)
      const before = (await rig.call('GET', `workflows/status/${id}`)).body
      const { status: code, body } = await retry(id, { parameters: other })
      expect(code).toBe(201)
      expect(NewRunAnswer.parse(body)).toMatchObject({
        origin_run_id: id,
        workflow_name: 'daily_report_generation',
        status: 'pending',
        parameters: other,
      })
      const run = (await rig.call('GET', `workflows/status/${body.flow_run_id}`)).body
      expect(run).toMatchObject({ origin_run_id: id, created_by: 'key-admin', subjects: ['date:2025-01-18'] })
      const after = (await rig.call('GET', `workflows/status/${id}`)).body
      expect(after).toEqual({ ...before, successor_run_ids: [body.flow_run_id] })
      expect([before.origin_run_id, before.successor_run_ids]).toEqual([null, []])
    },
  )

  it('a double click starts one; other parameters, or another key, start another', async () => {
    const id = await endedRun('ERROR')
    const clicks = await Promise.all([1, 2, 3].map(() => retry(id, { parameters: other })))
    expect(clicks.map(({ status }) => status).toSorted()).toEqual([200, 200, 201])
    const [first] = new Set(clicks.map(({ body }) => body.flow_run_id))
    const later = await retry(id, { parameters: other })
    expect([later.status, later.body.flow_run_id, later.headers['idempotent-replayed']]).toEqual([
      200,
      first,
      'true',
    ])
    const others = [
      await retry(id, { parameters: { date: '2025-01-19' } }),
      await retry(id, { parameters: other }, { 'idempotency-key': 'k1' }),
    ]
    expect(others.map(({ status }) => status)).toEqual([201, 201])
    expect((await retry(id, { parameters: other }, { 'idempotency-key': 'k1' })).status).toBe(200)
    const text = 'select from prefect.flow_runs where origin_run_id = $1'
    expect(await rig.database.query(text, [id])).toHaveLength(3)
  })

  it('comes after the end of the first: 409 before; 404 for a run there is not', async () => {
    const body = { workflow_name: 'daily_report_generation', parameters }
    const { flow_run_id: id } = (await rig.call('POST', 'workflows/trigger', { body })).body
    const early = await retry(id, { parameters: other })
    expect([early.status, early.body.run_status]).toEqual([409, 'pending'])
    expect((await retry('fr_nobody', { parameters: other })).status).toBe(404)
    // A repeat finds its run whatever became of the first since.
    const origin = await endedRun('ERROR')
    await retry(origin, { parameters: other })
    await retry(origin)
    expect((await retry(origin, { parameters: other })).status).toBe(200)
  })
})
