import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NewRunAnswer, RetryPreview } from '../../../../src/platform/contract/retry.ts'
import { packOutput, type StoredKind } from '../../../../src/platform/runs/checkpoint-format.ts'
import { type HttpRig, openHttpRig } from './http-rig.ts'

let rig: HttpRig
beforeAll(async () => {
  rig = await openHttpRig()
})
afterAll(() => rig.close())

const PARAMETERS = { date: '2025-01-17', recipients: ['manager@hotel.com'] }
const RECORD: [StoredKind, string, boolean][] = [
  ['task', 'read_figures', true],
  ['transaction', 'keep_report', true],
  ['wait', 'approved', true],
  ['task', 'send_report', false],
]

/** A run that did `RECORD` and failed, and sent a message on the way. */
async function failedRun(): Promise<string> {
  const body = { workflow_name: 'daily_report_generation', parameters: PARAMETERS }
  const { body: run } = await rig.call('POST', 'workflows/trigger', { body })
  const id: string = run.flow_run_id
  for (const [step, [kind, name, well]] of RECORD.entries()) {
    await rig.database.query(
      `insert into dbos.operation_outputs (workflow_uuid, function_id, function_name, output, error,
                                           started_at_epoch_ms, completed_at_epoch_ms)
       values ($1, $2, $3, $4, $5, 1000000, 1060000)`,
      [
        id,
        step,
        name,
        packOutput({ kind }),
        well ? null : JSON.stringify({ code: 'refused', message: 'No.' }),
      ],
    )
  }
  await rig.database.query(
    `with ended as (update dbos.workflow_status set status = 'ERROR', completed_at = 1120000 where workflow_uuid = $1)
     insert into dbos.workflow_output (workflow_uuid, error) values ($1, $2)`,
    [id, JSON.stringify({ message: 'No.', data: { code: 'refused', task_name: 'send_report', steps: [3] } })],
  )
  await rig.database.query(
    `insert into prefect.notifications (id, channel, recipient, template, subject_key, language, body, status, run_id)
     values ($1, 'email', 'manager@hotel.com', 'report', $2, 'en', 'Here.', 'sent', $2),
            ($1 || '2', 'email', 'owner@hotel.com', 'report', $2, 'en', 'Here.', 'pending', $2)`,
    [`ntf_${id}`, id],
  )
  return id
}
const preview = (id: string, query = '') => rig.call('GET', `workflows/retry/${id}/preview${query}`)
const retry = (id: string, body?: object, headers = {}) =>
  rig.call('POST', `workflows/retry/${id}`, { body, headers })
const names = (tasks: { task_name: string }[]) => tasks.map((task) => task.task_name)

describe('preview', () => {
  it('says what runs again where, what stays, and who may be notified again', async () => {
    const id = await failedRun()
    const { status, body } = await preview(id)
    expect(status).toBe(200)
    const plan = RetryPreview.parse(body)
    expect(plan).toMatchObject({ allowed: true, reason: null, from_task: 'send_report', children: [] })
    expect(plan.runs_again.map((task) => [task.task_name, task.effect])).toEqual([['send_report', 'outside']])
    expect(plan.kept.map((task) => [task.task_name, task.effect])).toEqual([
      ['read_figures', 'outside'],
      ['keep_report', 'database'],
      ['approved', null],
    ])
    // The task that failed keeps its key, and what it has said stays said.
    expect(plan.notifies_again.map((one) => [one.recipient, one.status, one.sent_once])).toEqual([
      ['manager@hotel.com', 'sent', true],
      ['owner@hotel.com', 'pending', false],
    ])
  })

  it('does not promise silence where steps are done anew; the retry names what is applied again', async () => {
    const id = await failedRun()
    const plan = RetryPreview.parse((await preview(id, '?from_task=keep_report')).body)
    expect(names(plan.runs_again)).toEqual(['keep_report', 'approved', 'send_report'])
    expect(plan.notifies_again.map((one) => one.sent_once)).toEqual([false, false])
    const { status, body } = await retry(id, { from_task: 'keep_report' })
    expect([status, body.retried_from, body.runs_again]).toEqual([202, 'keep_report', plan.runs_again])
    expect(body.message).toContain('applied again: keep_report')
    expect((await preview(id)).body).toMatchObject({ allowed: false, runs_again: [], notifies_again: [] })
    expect((await retry(id, { from_task: 'keep_report' })).status).toBe(409)
  })

  it('is for who may read; a retry is not', async () => {
    const id = await failedRun()
    const as = { key: 'read' as const }
    expect((await rig.call('GET', `workflows/retry/${id}/preview`, as)).status).toBe(200)
    expect((await rig.call('POST', `workflows/retry/${id}`, as)).status).toBe(403)
  })

  it('refuses what it does not know', async () => {
    const id = await failedRun()
    expect((await preview(id, '?from=keep_report')).status).toBe(422)
    const { status, body } = await preview(id, '?from_task=keep_raport')
    expect([status, body.errors[0].path]).toEqual([422, 'query.from_task'])
    expect(body.errors[0].message).toContain('Did you mean "keep_report"')
    expect((await preview('fr_nobody')).status).toBe(404)
  })
})

describe('with other parameters', () => {
  const parameters = { ...PARAMETERS, recipients: ['owner@hotel.com'] }

  it('is one new run, however often it is asked for; both name each other', async () => {
    const id = await failedRun()
    const answers = await Promise.all([1, 2, 3].map(() => retry(id, { parameters })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 201])
    const [first] = answers.map(({ body }) => NewRunAnswer.parse(body))
    expect(new Set(answers.map(({ body }) => body.flow_run_id))).toEqual(new Set([first?.flow_run_id]))
    const other = await retry(id, { parameters }, { 'idempotency-key': 'once more' })
    expect(other.status).toBe(201)
    const status = async (run: string) => (await rig.call('GET', `workflows/status/${run}`)).body
    expect(await status(id)).toMatchObject({
      status: 'failed',
      parameters: PARAMETERS,
      origin_run_id: null,
      successor_run_ids: [first?.flow_run_id, other.body.flow_run_id],
    })
    expect(await status(other.body.flow_run_id)).toMatchObject({
      origin_run_id: id,
      successor_run_ids: [],
      parameters,
    })
  })

  it('says every wrong field, and goes with no task', async () => {
    const id = await failedRun()
    const wrong = await retry(id, { parameters: { date: 'today', recipients: ['nobody'] } })
    expect(wrong.status).toBe(422)
    expect(wrong.body.errors.map(({ path }: { path: string }) => path)).toEqual([
      'body.parameters.date',
      'body.parameters.recipients.0',
    ])
    expect((await retry(id, { parameters, from_task: 'keep_report' })).status).toBe(422)
    expect((await rig.call('GET', `workflows/status/${id}`)).body.successor_run_ids).toEqual([])
  })
})
