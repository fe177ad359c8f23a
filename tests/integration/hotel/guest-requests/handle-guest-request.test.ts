import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { handleGuestRequest } from '../../../../src/hotel/guest-requests/handle-guest-request.flow.ts'
import type { HotelRules } from '../../../../src/hotel/hotel-rules.ts'
import type { RequestClass } from '../../../../src/hotel/services/llm/llm.ts'
import { GiveUp, TryAgain } from '../../../../src/platform/engine/errors.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { eventually } from '../../../support/eventually.ts'
import { addStays, requests, TOWELS } from './guests.ts'
import { AT_ONCE, addSupervisors, engineOn, messages, type StaffDeps, staffDeps, start } from './staff-rig.ts'

let test: TestDatabase
let database: TestDatabase['database']
beforeEach(async () => {
  test = await createTestDatabase()
  database = test.database
  await addSupervisors(database)
  await addStays(database)
})
afterEach(() => test?.drop())

async function open(hotel: Partial<HotelRules> = {}, given: Partial<StaffDeps> = {}) {
  const engine = engineOn({ ...(await staffDeps(database, hotel, given)), database })
  return {
    engine,
    ask: (parameters: Parameters<typeof start<typeof handleGuestRequest.parameters>>[2]) =>
      start(engine, handleGuestRequest, parameters),
  }
}

const request = async () => {
  const [row] = await requests(database)
  if (!row) throw new Error('no request')
  return row
}

describe('a request', () => {
  it('goes to its department and the guest, and is done when somebody says so', async () => {
    const { engine, ask } = await open()
    const runId = await ask(TOWELS)
    await eventually('the thanks', async () => (await messages(database, 'request_received')).length > 0)
    await engine.signal(runId, 'task_finished', { finished_by: 'EMP007' })
    expect(await engine.ended(runId)).toMatchObject({
      status: 'completed',
      result: { status: 'finished', department: 'Housekeeping', category: 'towels', escalated: false },
    })
    expect(await request()).toMatchObject({
      status: 'done',
      finished_by: 'EMP007',
      booking_id: 'B1',
      guest_id: 'G1',
      room_number: '201',
      escalated_at: null,
      finished_at: expect.any(Date),
    })
    const told = await messages(database)
    expect(told.map(({ channel, recipient, template }) => [channel, recipient, template])).toEqual([
      ['slack', 'U0HOUSE', 'guest_request'],
      ['email', 'hoa@khach.vn', 'request_received'],
      ['email', 'hoa@khach.vn', 'request_finished'],
    ])
    expect(told[0]?.body).toContain('> Cho tôi xin hai khăn tắm')
    expect(told[1]?.body).toContain('30')
  })

  it('that comes before anybody waits for the signal loses nothing', async () => {
    const { engine, ask } = await open()
    const runId = await ask(TOWELS)
    await engine.signal(runId, 'task_finished', 'whatever was sent')
    expect(await engine.ended(runId)).toMatchObject({ status: 'completed', result: { status: 'finished' } })
    expect(await request()).toMatchObject({ status: 'done', finished_by: null })
  })

  it.each([
    [
      'of a booking',
      { booking_id: 'B0', text: 'soap' },
      { booking_id: 'B0', guest_id: 'G0', room_number: '201' },
    ],
    ['of a guest in house', { guest_id: 'G1', text: 'soap' }, { booking_id: 'B1', room_number: '201' }],
    [
      'of a guest who left',
      { guest_id: 'G0', text: 'soap' },
      { booking_id: null, guest_id: 'G0', room_number: null },
    ],
    [
      'of an empty room',
      { room_number: '999', text: 'soap' },
      { booking_id: null, guest_id: null, room_number: '999' },
    ],
  ])('%s is the right guest’s', async (_name, asked, whose) => {
    const { engine, ask } = await open()
    const runId = await ask(asked)
    await engine.signal(runId, 'task_finished', null)
    expect(await engine.ended(runId)).toMatchObject({ status: 'completed' })
    expect(await request()).toMatchObject(whose)
  })

  it('of nobody is refused', () => {
    expect(handleGuestRequest.parameters.safeParse({ text: 'soap' }).success).toBe(false)
    expect(handleGuestRequest.parameters.safeParse({ room_number: '201', text: ' ' }).success).toBe(false)
  })
})

describe('nobody finishes it in time', () => {
  it('the duty manager is paged in Slack and by SMS, and may still see it done', async () => {
    const { engine, ask } = await open({ guestRequestMinutes: AT_ONCE * 20 }, {})
    const runId = await ask(TOWELS)
    await eventually('escalation', async () => (await requests(database))[0]?.status === 'escalated')
    await engine.signal(runId, 'task_finished', { finished_by: 'EMP001' })
    expect(await engine.ended(runId)).toMatchObject({ result: { status: 'finished', escalated: true } })
    expect(await request()).toMatchObject({
      status: 'done',
      escalated_at: expect.any(Date),
      finished_by: 'EMP001',
    })
    const paged = await messages(database, 'guest_request_overdue')
    expect(paged.map(({ channel, recipient }) => [channel, recipient])).toEqual([
      ['slack', 'U0DUTY'],
      ['sms', '+84900000001'],
    ])
    expect(paged[1]?.body).not.toContain('khăn')
  })

  it('ever: it stays escalated, and the guest is not told that it is done', async () => {
    const { engine, ask } = await open({ guestRequestMinutes: AT_ONCE })
    const runId = await ask(TOWELS)
    expect(await engine.ended(runId)).toMatchObject({
      status: 'completed',
      result: { status: 'unanswered', escalated: true },
    })
    expect(await request()).toMatchObject({ status: 'escalated', finished_at: null })
    expect(await messages(database, 'request_finished')).toEqual([])
  })
})

describe('when something is down', () => {
  it('a department that cannot be told: the duty manager at once', async () => {
    const slack = { post: async () => Promise.reject(new GiveUp('slack_refused', 'account_inactive')) }
    const { engine, ask } = await open({ guestRequestMinutes: 60 }, { slack })
    const runId = await ask(TOWELS)
    await eventually('the SMS', async () => (await messages(database, 'guest_request_overdue')).length === 2)
    await engine.signal(runId, 'task_finished', null)
    expect(await engine.ended(runId)).toMatchObject({ result: { status: 'finished', escalated: true } })
    const told = await messages(database)
    expect(told.filter(({ channel }) => channel === 'slack').map(({ status }) => status)).toEqual([
      'failed',
      'failed',
    ])
    expect(told.find(({ channel }) => channel === 'sms')?.status).toBe('sandbox')
  })

  it('a department without a supervisor is the duty manager’s', async () => {
    const { engine, ask } = await open()
    const runId = await ask({ room_number: '201', text: 'late check-out please' })
    await engine.signal(runId, 'task_finished', null)
    await engine.ended(runId)
    expect((await messages(database, 'guest_request')).map(({ recipient }) => recipient)).toEqual(['U0DUTY'])
  })

  const answers = (answer: () => Promise<RequestClass>) => {
    const asked: unknown[] = []
    const llm = {
      generateEmail: () => Promise.reject(new GiveUp('llm_refused', 'no')),
      classifyRequest: (ask: unknown) => {
        asked.push(ask)
        return answer()
      },
    }
    return { asked, llm }
  }
  const SURE: RequestClass = {
    category: 'repair',
    department: 'Engineering',
    urgency: 'high',
    confidence: 0.9,
  }

  it.each<[string, () => Promise<RequestClass>, object, number]>([
    ['sure', async () => SURE, { category: 'repair', department: 'Engineering' }, 1],
    [
      'unsure',
      async () => ({ ...SURE, confidence: 0.3 }),
      { category: 'towels', department: 'Housekeeping' },
      1,
    ],
    ['refusing', () => Promise.reject(new GiveUp('llm_refused', 'no')), { department: 'Housekeeping' }, 1],
    [
      'down',
      () => Promise.reject(new TryAgain('llm_unavailable', 'no', 0)),
      { department: 'Housekeeping' },
      2,
    ],
  ])('an LLM that is %s', async (_name, answer, kind, calls) => {
    const { asked, llm } = answers(answer)
    const { engine, ask } = await open({}, { llm })
    const runId = await ask(TOWELS)
    await engine.signal(runId, 'task_finished', null)
    expect(await engine.ended(runId)).toMatchObject({ status: 'completed', result: kind })
    expect(asked).toHaveLength(calls)
    expect(asked[0]).toMatchObject({ text: TOWELS.text, language: 'vi', departments: expect.any(Array) })
  })
})
