/** What each kind of event starts, and how each is refused, through the real intake. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AttendanceAccepted } from '../../../../src/hotel/attendance/attendance.event.ts'
import { EVENT_KINDS, type EventName } from '../../../../src/hotel/event-kinds.ts'
import { EventAccepted, EventList, EventRecord } from '../../../../src/platform/contract/event.ts'
import { type HttpRig, openHttpRig } from './http-rig.ts'

let rig: HttpRig
beforeAll(async () => {
  rig = await openHttpRig()
})
afterAll(() => rig.close())

const kindNamed = (name: EventName) => EVENT_KINDS.find((kind) => kind.name === name)
const exampleOf = (name: EventName) => {
  const [example] = (kindNamed(name)?.schema.meta()?.examples ?? []) as object[]
  return example
}
const send = (kind: string, body: unknown) => rig.call('POST', `events/${kind}`, { body })
const rejected = async (kind: string) =>
  EventList.parse((await rig.call('GET', `events?status=rejected&kind=${kind}`)).body).events
const runsOf = async (eventId: string): Promise<string[]> => {
  const { body } = await rig.call('GET', `workflows/list?event_id=${eventId}`)
  return body.workflow_runs.map((run: { workflow_name: string }) => run.workflow_name).sort()
}
const names = ({ workflows_triggered: runs }: EventAccepted | EventRecord) =>
  runs.map(({ workflow }) => workflow)

const NEW_BOOKING = ['predict_churn_risk', 'generate_confirmation_email', 'update_recommendations']

it.each([
  ['room_status', {}, ['update_room_status_db', 'check_guest_waiting'], ['update_room_status']],
  ['room_status', { new_status: 'dirty' }, ['update_room_status_db'], ['update_room_status']],
  ['booking', {}, NEW_BOOKING, []],
  ['booking', { event_type: 'modified' }, ['update_booking'], []],
  ['booking', { event_type: 'cancelled' }, ['release_booking'], []],
  ['booking', { event_type: 'no_show' }, ['release_booking'], []],
  ['booking', { event_type: 'checked_in' }, ['check_in_guest'], []],
  ['booking', { event_type: 'checked_out' }, ['check_out_guest'], []],
  ['ml_prediction', {}, ['update_predictions'], []],
  ['anomaly', {}, ['handle_anomaly'], []],
] as const)('%s %o is answered with %j', async (kind, changes, listed, parents) => {
  const answer = await send(kind, { ...exampleOf(kind), ...changes })
  expect(answer.status).toBe(202)
  const accepted = EventAccepted.parse(answer.body)
  expect(names(accepted)).toEqual(listed)
  expect(await runsOf(accepted.event_id)).toEqual([...listed, ...parents].sort())
  const kept = EventRecord.parse((await rig.call('GET', `events/${accepted.event_id}`)).body)
  expect(kept).toMatchObject({ kind, status: 'accepted', payload: { ...exampleOf(kind), ...changes } })
  expect(names(kept)).toEqual(listed)
  expect(kindNamed(kind)?.flows).toEqual(expect.arrayContaining([...listed, ...parents]))
})

describe.each(EVENT_KINDS)('$name', ({ name: kind }) => {
  it('is refused by its own schema, and kept', async () => {
    const answer = await send(kind, { ...exampleOf(kind), timestamp: 'soon' })
    expect([answer.status, answer.body.code]).toEqual([422, 'invalid_event'])
    expect(answer.body.errors).toEqual([expect.objectContaining({ path: 'body.timestamp' })])
    expect((await rejected(kind))[0]).toMatchObject({ payload: { timestamp: 'soon' } })
  })

  it('is kept as its own kind when it is no JSON', async () => {
    const answer = await rig.call('POST', `events/${kind}`, { raw: `{"${kind}"` })
    expect([answer.status, answer.body.code]).toEqual([400, 'malformed_json'])
    expect((await rejected(kind))[0]).toMatchObject({ kind, payload: `{"${kind}"` })
  })

  it('is replayed as a new event that starts the same', async () => {
    const { body } = await send(kind, exampleOf(kind))
    const first = EventRecord.parse((await rig.call('GET', `events/${body.event_id}`)).body)
    const answer = await rig.call('POST', `events/${body.event_id}/replay`)
    expect(answer.status).toBe(202)
    const replayed = EventAccepted.parse(answer.body)
    expect(replayed.event_id).not.toBe(body.event_id)
    expect(names(replayed)).toEqual(names(first))
    const again = await send(kind, exampleOf(kind))
    expect([again.headers['idempotent-replayed'], again.body.event_id]).toEqual(['true', body.event_id])
  })
})

it('attendance alone is answered with its one run', async () => {
  const { body } = await send('attendance', exampleOf('attendance'))
  expect(AttendanceAccepted.parse(body).workflow_triggered).toBe('process_attendance')
  expect(await runsOf(body.event_id)).toContain('process_attendance')
})
