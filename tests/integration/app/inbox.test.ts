import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { addRoom } from '../hotel/rooms/hotel.ts'
import { bothPress, type InboxRig, openInboxRig, world } from './inbox-rig.ts'

let rig: InboxRig
beforeAll(async () => {
  rig = await openInboxRig()
})
afterAll(() => rig.close())
beforeEach(async () => {
  world.works = false
  await rig.database.query('delete from rooms')
  await addRoom(rig.database, '201', 'clean')
})

const postEvent = (kind: string, body: object) => rig.call('POST', `events/${kind}`, { body })

describe('failed_run', () => {
  it('is retried once, and is another entry when it fails again', async () => {
    await rig.start('fragile', 'fr_fragile', {})
    const entry = await rig.entryOf('failed_run', 'fr_fragile')
    expect(entry).toMatchObject({
      title: 'fragile failed',
      subjects: ['room:201'],
      details: { error: { code: 'outside_down' } },
      actions: [
        { action: 'retry', input: null },
        { action: 'dismiss', input: null },
      ],
    })
    await bothPress(rig, entry.id, 'retry')
    const next = await rig.entryOf('failed_run', 'fr_fragile')
    expect(next.id).not.toBe(entry.id)
    expect(await rig.settle(next.id, 'explode')).toMatchObject({
      status: 404,
      body: { code: 'unknown_action', detail: expect.stringContaining('retry, dismiss') },
    })
    expect((await rig.settle(next.id, 'retry', { payload: {} })).status).toBe(422)
    world.works = true
    const before = world.done
    expect(await rig.settle(next.id, 'retry')).toMatchObject({
      status: 200,
      body: { result: { flow_run_id: 'fr_fragile', retried_from: 'call_outside' } },
    })
    expect(await rig.durable.ended('fr_fragile')).toMatchObject({ status: 'completed' })
    expect(world.done).toBe(before + 1)
  })

  it('is one entry with the child it failed by, and dismissed with it', async () => {
    await rig.start('outer', 'fr_outer', {})
    const entry = await rig.entryOf('failed_run', 'fr_outer')
    const about = (await rig.entries('?kind=failed_run')).filter(({ id }) => id !== entry.id)
    expect(about).toEqual([])
    const { won } = await bothPress(rig, entry.id, 'dismiss', 'retry')
    if (won.action === 'retry') {
      const again = await rig.entryOf('failed_run', 'fr_outer')
      expect((await rig.settle(again.id, 'dismiss')).status).toBe(200)
    }
    const left = await rig.database.query(
      `select id from prefect.flow_runs where unsettled_since is not null and (id = 'fr_outer' or parent_run_id = 'fr_outer')`,
    )
    expect(left).toEqual([])
  })
})

it('flagged_run: mended or dismissed', async () => {
  for (const [runId, action] of [
    ['fr_mended', 'mark_mended'],
    ['fr_left', 'dismiss'],
  ] as const) {
    await rig.start('stuck', runId, {})
    const entry = await rig.entryOf('flagged_run', runId)
    expect(entry).toMatchObject({ subjects: ['booking:B9'], details: { flagged: expect.any(String) } })
    expect((await rig.entries('?kind=failed_run')).map((one) => one.flow_run_id)).not.toContain(runId)
    await bothPress(rig, entry.id, action)
    const [row] = await rig.database.query<{ flagged: string | null }>(
      'select flagged from prefect.flow_runs where id = $1',
      [runId],
    )
    expect(row?.flagged === null).toBe(action === 'mark_mended')
  }
})

describe('rejected_event', () => {
  const good = {
    employee_id: 'EMP7',
    timestamp: '2025-01-17T08:30:00Z',
    action: 'check_in',
    confidence: 0.99,
  }

  it('is replayed corrected, once', async () => {
    await postEvent('attendance', { ...good, confidence: 'high' })
    const [refused] = await rig.database.query<{ id: string }>(
      `select id from prefect.events where status = 'rejected' order by received_at desc limit 1`,
    )
    const entry = await rig.entryOf('rejected_event', refused?.id ?? '')
    expect(entry.details).toMatchObject({
      kind: 'attendance',
      source: 'http',
      payload: { employee_id: 'EMP7', confidence: 'high' },
      errors: [{ path: 'body.confidence' }],
    })
    expect(await rig.settle(entry.id, 'replay')).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'body.payload.body.confidence' }] },
    })
    expect((await rig.entryOf('rejected_event', refused?.id ?? '')).id).toBe(entry.id)
    const { won } = await bothPress(rig, entry.id, 'replay', 'replay', { body: good })
    const [run] = won.result.workflows_triggered
    expect(await rig.durable.ended(run.flow_run_id)).toMatchObject({ status: 'completed' })
    const kept = await rig.database.query('select from prefect.events where replay_of = $1', [refused?.id])
    expect(kept).toHaveLength(1)
  })

  it('that is no JSON is there too, and dismissed', async () => {
    await rig.call('POST', 'events/booking', { raw: '{"booking_id": "B1", "timesta' })
    const entry = await eventually('it is there', async () =>
      (await rig.entries('?kind=rejected_event')).find(({ details }) => details.kind === 'booking'),
    )
    expect(entry.details.payload).toBe('{"booking_id": "B1", "timesta')
    await bothPress(rig, entry.id, 'dismiss')
  })
})

describe('attendance_review', () => {
  const sighting = (employee_id: string) => ({
    employee_id,
    timestamp: '2025-01-17T01:30:00Z',
    action: 'check_in',
    confidence: 0.5,
  })
  const punches = (id: string) =>
    rig.database.query('select from attendance_logs where employee_id = $1', [id])

  it('accepted: the punch is logged like a good one, once', async () => {
    const { flow_run_id } = (await postEvent('attendance', sighting('EMP8'))).body
    await rig.durable.ended(flow_run_id)
    const entry = await rig.entryOf('attendance_review', flow_run_id)
    expect(entry).toMatchObject({
      who: 'supervisor',
      subjects: ['employee:EMP8'],
      details: { confidence: 0.5 },
    })
    expect((await rig.entries('?kind=failed_run')).map((one) => one.flow_run_id)).not.toContain(flow_run_id)
    await bothPress(rig, entry.id, 'accept')
    await eventually('it is done', async () =>
      (await rig.durable.status(flow_run_id)) === 'completed' ? true : undefined,
    )
    expect(await punches('EMP8')).toHaveLength(1)
  })

  it('rejected: nothing is logged', async () => {
    const { flow_run_id } = (await postEvent('attendance', sighting('EMP9'))).body
    await rig.durable.ended(flow_run_id)
    const entry = await rig.entryOf('attendance_review', flow_run_id)
    await bothPress(rig, entry.id, 'reject')
    expect(await rig.durable.status(flow_run_id)).toBe('failed')
    expect(await punches('EMP9')).toEqual([])
  })
})

describe('unknown_room', () => {
  const dirty = (room_number: string) => ({
    room_number,
    new_status: 'clean',
    timestamp: '2025-01-17T08:30:00Z',
  })
  async function failed(room: string) {
    await postEvent('room_status', dirty(room))
    return eventually(`an entry of ${room}`, async () =>
      (await rig.entries('?kind=unknown_room')).find(({ subjects }) => subjects.includes(`room:${room}`)),
    )
  }
  const parentOf = async (runId: string) => (await rig.durable.parentOf(runId)) ?? ''

  it('the room is entered, and the run and its parent go through', async () => {
    const entry = await failed('30I')
    expect(entry).toMatchObject({ title: 'The hotel has no room 30I', details: { room_number: '30I' } })
    const parent = await parentOf(entry.flow_run_id ?? '')
    await rig.durable.ended(parent)
    expect((await rig.entries('?subject=room:30I')).map(({ kind }) => kind)).toEqual(['unknown_room'])
    expect(await rig.settle(entry.id, 'add_room', { payload: { room_nubmer: '301' } })).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'body.payload' }] },
    })
    await bothPress(rig, entry.id, 'add_room')
    await eventually('the parent goes through', async () =>
      (await rig.durable.status(parent)) === 'completed' ? true : undefined,
    )
    expect(
      await rig.database.query(`select status, added_from from rooms where room_number = '30I'`),
    ).toEqual([{ status: 'clean', added_from: 'inbox' }])
    expect(await rig.entries('?subject=room:30I')).toEqual([])
  })

  it('or it was a slip, and all of it is dismissed', async () => {
    const entry = await failed('99X')
    await rig.durable.ended(await parentOf(entry.flow_run_id ?? ''))
    await bothPress(rig, entry.id, 'dismiss')
    expect(await rig.entries('?subject=room:99X')).toEqual([])
  })
})

it('refund_request: paid or withdrawn', async () => {
  for (const [id, action, status] of [
    ['refund_1', 'mark_paid', 'paid'],
    ['refund_2', 'withdraw', 'withdrawn'],
  ] as const) {
    await rig.database.query(
      `insert into prefect.refund_requests (id, booking_id, amount, reason, run_id) values ($1, 'B1', 500000, 'ill', $2)`,
      [id, `fr_${id}`],
    )
    const entry = await rig.entryOf('refund_request', `fr_${id}`)
    expect(entry).toMatchObject({ who: 'accounts', subjects: ['booking:B1'], details: { amount: 500_000 } })
    await bothPress(rig, entry.id, action)
    const text = 'select status from prefect.refund_requests where id = $1'
    expect(await rig.database.query(text, [id])).toEqual([{ status }])
  }
})
