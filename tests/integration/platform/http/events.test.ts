import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AttendanceAccepted } from '../../../../src/hotel/attendance/attendance.event.ts'
import { EventAccepted, EventList, EventRecord } from '../../../../src/platform/contract/event.ts'
import { NotificationList } from '../../../../src/platform/contract/notification.ts'
import { type CallOptions, type HttpRig, openHttpRig } from './http-rig.ts'

let rig: HttpRig
beforeAll(async () => {
  rig = await openHttpRig()
})
afterAll(() => rig.close())

const example = {
  employee_id: 'EMP001',
  timestamp: '2025-01-17T08:30:00Z',
  action: 'check_in',
  camera_id: 'cam_lobby_01',
  confidence: 0.98,
  metadata: { face_quality: 0.95, liveness_check: true },
}
const send = (options: CallOptions) => rig.call('POST', 'events/attendance', options)
const rejected = async () =>
  EventList.parse((await rig.call('GET', 'events?status=rejected')).body).events.map((event) => ({
    reason: event.reason,
    payload: event.payload,
    from: event.received_from,
  }))

describe('attendance', () => {
  it('answers as the specification does, and the event and its run can be read back', async () => {
    const answer = await send({ body: example })
    expect(answer.status).toBe(202)
    expect(AttendanceAccepted.parse(answer.body)).toEqual({
      event_id: answer.body.event_id,
      status: 'accepted',
      workflow_triggered: 'process_attendance',
      flow_run_id: answer.body.flow_run_id,
      message: 'Attendance event received and workflow triggered',
    })
    const event = EventRecord.parse((await rig.call('GET', `events/${answer.body.event_id}`)).body)
    expect(event).toMatchObject({
      kind: 'attendance',
      payload: example,
      received_from: 'key-admin',
      workflows_triggered: [{ workflow: 'process_attendance', flow_run_id: answer.body.flow_run_id }],
    })
    const runs = await rig.call('GET', `workflows/list?event_id=${answer.body.event_id}`)
    expect(runs.body.workflow_runs.map((run: { flow_run_id: string }) => run.flow_run_id)).toEqual([
      answer.body.flow_run_id,
    ])
  })

  it('answers a repeat as the first time, and another body under the key with a conflict', async () => {
    const headers = { 'idempotency-key': 'k1' }
    const first = await send({ body: example, headers })
    const second = await send({ body: example, headers })
    expect([second.status, second.headers['idempotent-replayed']]).toEqual([202, 'true'])
    expect(second.body).toEqual(first.body)
    const other = await send({ body: { ...example, confidence: 0.5 }, headers })
    expect([other.status, other.body.code]).toEqual([409, 'idempotency_conflict'])
  })

  it('names every wrong field and keeps what it refused', async () => {
    const answer = await send({
      body: { ...example, confidence: 7, action: 'dance', employee_id: undefined },
    })
    expect(answer.status).toBe(422)
    const paths = answer.body.errors.map((error: { path: string }) => error.path).sort()
    expect(paths).toEqual(['body.action', 'body.confidence', 'body.employee_id'])
    expect((await rejected())[0]?.payload).toMatchObject({ confidence: 7, action: 'dance' })
  })

  it.each([
    ['broken JSON', '{"employee_id": "EMP001",', 400],
    ['NUL', '{"employee_id": "EMP\\u0000001"}', 422],
    ['half a surrogate pair', '{"employee_id": "\\ud83d"}', 422],
    ['absurd nesting', `${'['.repeat(50_000)}${']'.repeat(50_000)}`, 422],
    ['NUL outside a string', '{"employee_id": \u0000}', 400],
  ])('keeps %s as text in the audit trail', async (_what, raw, status) => {
    const before = (await rejected()).length
    const answer = await send({ raw, key: 'events:write' })
    expect(answer.status).toBe(status)
    const kept = await rejected()
    expect(kept.length).toBe(before + 1)
    expect(kept[0]).toEqual({
      reason: answer.body.detail,
      payload: raw.slice(0, 10_000).replaceAll('\0', '\uFFFD'),
      from: 'key-events:write',
    })
  })

  it('keeps bytes that are not UTF-8', async () => {
    const answer = await send({ raw: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) })
    expect(answer.status).toBe(400)
    expect((await rejected())[0]?.payload).toBe('{\uFFFD\uFFFD}')
  })

  it('says 503 when what it refused could not be kept', async () => {
    const away = Object.assign(new Error('no database'), { code: 'ECONNREFUSED' })
    const other = await openHttpRig({
      intake: {
        accept: () => Promise.reject(away),
        reject: () => Promise.reject(away),
        replay: () => Promise.reject(away),
      },
    })
    try {
      for (const options of [{ raw: '{' }, { body: example }]) {
        const answer = await other.call('POST', 'events/attendance', options)
        expect([answer.status, answer.headers['retry-after']]).toEqual([503, '2'])
      }
    } finally {
      await other.close()
    }
  })
})

describe('the audit trail', () => {
  it('filters by subject, kind, status and time', async () => {
    const { body } = await send({ body: { ...example, employee_id: 'EMP777' } })
    const ids = async (query: string) =>
      (await rig.call('GET', `events?${query}`)).body.events.map(
        (event: { event_id: string }) => event.event_id,
      )
    expect(await ids('subject=employee:EMP777')).toEqual([body.event_id])
    expect(await ids('subject=employee:EMP777&status=rejected')).toEqual([])
    expect(await ids('subject=employee:EMP777&kind=attendance&received_after=2020-01-01T00:00:00')).toEqual([
      body.event_id,
    ])
    expect(await ids('subject=employee:EMP777&received_before=2020-01-01T00:00:00Z')).toEqual([])
    expect((await rig.call('GET', 'events/evt_nothing')).status).toBe(404)
  })

  it('replays a kept event as a new one', async () => {
    const { body } = await send({ body: { ...example, employee_id: 'EMP778' } })
    const answer = await rig.call('POST', `events/${body.event_id}/replay`)
    expect(answer.status).toBe(202)
    const replayed = EventAccepted.parse(answer.body)
    expect(replayed.event_id).not.toBe(body.event_id)
    expect(replayed.workflows_triggered[0]?.flow_run_id).not.toBe(body.flow_run_id)
    expect((await rig.call('POST', 'events/evt_nothing/replay')).status).toBe(404)
  })
})

it('lists messages by state and subject', async () => {
  await rig.database.query(
    `insert into prefect.notifications (id, channel, recipient, template, subject_key, language, body, status, run_id,
                                        subjects, created_at, sent_at)
     values ('n1', 'slack', 'U1', 'late_check_in', 'EMP1:2025-01-17', 'en', 'late', 'sent', 'fr_1', '{employee:EMP1}',
             '2025-01-17T08:31:00Z', '2025-01-17T08:31:01Z'),
            ('n2', 'slack', 'U2', 'late_check_in', 'EMP2:2025-01-17', 'en', 'late', 'failed', null, '{}',
             '2025-01-17T08:32:00Z', null)`,
  )
  await rig.database.query(
    "insert into prefect.subject_index (subject, kind, id) values ('employee:EMP1', 'notification', 'n1')",
  )
  const list = async (query: string) =>
    NotificationList.parse((await rig.call('GET', `notifications?${query}`)).body)
  expect((await list('')).notifications.map((message) => message.notification_id)).toEqual(['n2', 'n1'])
  expect((await list('status=failed')).notifications.map((message) => message.notification_id)).toEqual([
    'n2',
  ])
  expect((await list('subject=employee:EMP1')).notifications).toEqual([
    expect.objectContaining({ notification_id: 'n1', flow_run_id: 'fr_1', sent_at: '2025-01-17T08:31:01Z' }),
  ])
})
