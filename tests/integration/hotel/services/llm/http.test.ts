import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LlmSimulator, startLlmSimulator } from '../../../../../simulators/services/llm.ts'
import {
  type SimulatedAnswer,
  startServiceSimulator,
} from '../../../../../simulators/services/service-simulator.ts'
import { createHttpLlm } from '../../../../../src/hotel/services/llm/http.ts'
import { createGuard } from '../../../../../src/platform/outbound/service-guard.ts'

const DEPARTMENTS = ['Housekeeping', 'Engineering', 'Food & Beverage', 'Front Office']
const signal = new AbortController().signal
const email = {
  template_type: 'checkin_ready',
  variables: { guest_name: 'Nguyễn Thị Sen', room_number: '201', hotel_name: 'Hotel Sen' },
  language: 'vi',
}

let simulator: LlmSimulator
let llm: ReturnType<typeof createHttpLlm>
beforeEach(async () => {
  simulator = await startLlmSimulator({ apiKey: 'llm-key' })
  llm = llmAt(simulator.url)
})
afterEach(async () => {
  await llm.close()
  await simulator.close()
})

function llmAt(url: string, apiKey: string | undefined = 'llm-key') {
  return createHttpLlm({ url, apiKey, guard: createGuard({ service: 'llm', timeoutMs: 5_000 }) })
}

describe('writing an email', () => {
  it('is done in the language asked, with the values in it', async () => {
    const vietnamese = await llm.generateEmail(email, { key: 'run:1', signal })
    expect(vietnamese.subject).toBe('Phòng của quý khách đã sẵn sàng')
    expect(vietnamese.body).toContain('Kính gửi Nguyễn Thị Sen')
    expect(vietnamese.body).toContain('201')
    const english = await llm.generateEmail({ ...email, language: 'en' }, { key: 'run:2', signal })
    expect(english.subject).toBe('Your room is ready')
  })

  it('under the same key is done once; another text under it is refused', async () => {
    const first = await llm.generateEmail(email, { key: 'run:1', signal })
    expect(await llm.generateEmail(email, { key: 'run:1', signal })).toEqual(first)
    expect(simulator.generated()).toBe(1)
    const other = llm.generateEmail({ ...email, language: 'en' }, { key: 'run:1', signal })
    await expect(other).rejects.toMatchObject({ name: 'GiveUp', code: 'llm_refused' })
  })

  it('without the right key is refused for good', async () => {
    const stranger = llmAt(simulator.url, 'wrong')
    const refused = stranger.generateEmail(email, { key: 'run:1', signal })
    await expect(refused).rejects.toMatchObject({ name: 'GiveUp', code: 'llm_unauthorized' })
    await stranger.close()
  })
})

describe('sorting a request', () => {
  it.each([
    ['Cho tôi thêm hai khăn tắm', 'Housekeeping', 'normal'],
    ['The air-con is leaking', 'Engineering', 'high'],
    ['Điều hoà không chạy', 'Engineering', 'normal'],
    ['We are hungry', 'Food & Beverage', 'normal'],
    ['Where is the old town?', 'Front Office', 'normal'],
  ])('"%s" is for %s', async (text, department, urgency) => {
    const found = await llm.classifyRequest(
      { text, language: 'vi', departments: DEPARTMENTS },
      { key: 'run:1', signal },
    )
    expect(found).toMatchObject({ department, urgency })
  })
})

describe('an answer that cannot be used', () => {
  const ask = { text: 'x', language: 'en', departments: DEPARTMENTS }
  const sorted = { category: 'towels', department: 'Housekeeping', urgency: 'normal', confidence: 0.9 }

  async function answered(body: unknown, call: (with_: ReturnType<typeof llmAt>) => Promise<unknown>) {
    const answer: SimulatedAnswer = { body }
    const service = await startServiceSimulator({ handle: () => answer })
    const asked = llmAt(service.url)
    try {
      await expect(call(asked)).rejects.toMatchObject({ name: 'GiveUp', code: 'llm_invalid_answer' })
    } finally {
      await asked.close()
      await service.close()
    }
  }

  it.each([
    ['a header in the subject', { subject: 'Room\r\nBcc: all@example.com', body: 'x' }],
    ['no subject', { subject: ' ', body: 'x' }],
    ['a subject of 201 letters', { subject: 'x'.repeat(201), body: 'x' }],
    ['no body', { subject: 'x', body: '\n' }],
    ['a body of 10,001 letters', { subject: 'x', body: 'x'.repeat(10_001) }],
    ['a body no database can hold', { subject: 'x', body: 'a\0b' }],
    ['an apology', { error: 'As a language model' }],
  ])('%s', (_, body) => answered(body, (asked) => asked.generateEmail(email, { key: 'k', signal })))

  it.each([
    ['a department nobody asked about', { ...sorted, department: 'Casino' }],
    ['a confidence of 90', { ...sorted, confidence: 90 }],
    ['an urgency of its own', { ...sorted, urgency: 'asap' }],
  ])('%s', (_, body) => answered(body, (asked) => asked.classifyRequest(ask, { key: 'k', signal })))
})
