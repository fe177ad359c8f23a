import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  startTwilioSimulator,
  TWILIO_ACCOUNT,
  type TwilioSimulator,
} from '../../../../../simulators/services/twilio.ts'
import { createTwilioMessages, type TwilioSettings } from '../../../../../src/platform/channels/sms/twilio.ts'
import { createGuard } from '../../../../../src/platform/outbound/service-guard.ts'

const TEXT = { to: '+84901234567', text: 'Phòng 201 của Quý khách đã sẵn sàng.' }
const never = new AbortController().signal
const longAgo = new Date(0)

let simulator: TwilioSimulator
beforeEach(async () => {
  simulator = await startTwilioSimulator()
})
afterEach(() => simulator.close())

function texts(given: Partial<TwilioSettings> & { timeoutMs?: number; failures?: number } = {}) {
  const { timeoutMs = 5_000, failures = 5, channel = 'sms', ...settings } = given
  const guard = createGuard({ service: channel, timeoutMs, failures })
  const known = { ...TWILIO_ACCOUNT, from: '+15005550006', apiUrl: simulator.url }
  return createTwilioMessages({ ...known, channel, guard, ...settings })
}

describe('SMS and WhatsApp', () => {
  it('sends an SMS and gives its id', async () => {
    const { id } = await texts().send(TEXT, never)
    expect(simulator.messages).toMatchObject([
      { sid: id, to: TEXT.to, from: '+15005550006', body: TEXT.text },
    ])
    expect(simulator.requests).toHaveLength(1)
  })

  it('a WhatsApp message goes from WhatsApp to WhatsApp; a messaging service sends by its own numbers', async () => {
    await texts({ channel: 'whatsapp' }).send(TEXT, never)
    await texts({ from: 'MG123' }).send(TEXT, never)
    expect(simulator.messages).toMatchObject([
      { to: `whatsapp:${TEXT.to}`, from: 'whatsapp:+15005550006' },
      { to: TEXT.to, from: 'MG123' },
    ])
    expect(await texts({ from: 'MG123' }).findSent(TEXT, longAgo, never)).toEqual({
      id: simulator.messages[1]?.sid,
    })
  })

  it('finds what it sent: this text, to this number, by this way, since then', async () => {
    const sms = texts()
    expect(await sms.findSent(TEXT, longAgo, never)).toBeUndefined()
    await sms.send({ ...TEXT, text: 'something else' }, never)
    await sms.send({ ...TEXT, to: '+84907654321' }, never)
    await texts({ channel: 'whatsapp' }).send(TEXT, never)
    expect(await sms.findSent(TEXT, longAgo, never)).toBeUndefined()
    const { id } = await sms.send(TEXT, never)
    expect(await sms.findSent(TEXT, longAgo, never)).toEqual({ id })
    expect(await sms.findSent(TEXT, new Date(Date.now() + 3_600_000), never)).toBeUndefined()
  })

  it.each([
    ['an invalid number', { to: '+15005550001' }, '21211'],
    ['an empty text', { text: '' }, '21602'],
    ['a text that is too long', { text: 'x'.repeat(1_601) }, '21617'],
  ])('gives up on %s, and names nobody', async (_, wrong, code) => {
    await expect(texts().send({ ...TEXT, ...wrong }, never)).rejects.toMatchObject({
      name: 'GiveUp',
      code: 'sms_refused',
      message: `Twilio refused the message: ${code}.`,
    })
  })

  it('gives up on a token that is none', async () => {
    const refused = { code: 'whatsapp_refused', message: 'Twilio refused the message: 20003.' }
    await expect(texts({ authToken: 'wrong', channel: 'whatsapp' }).send(TEXT, never)).rejects.toMatchObject(
      refused,
    )
    expect(() => texts({ accountSid: 'SK1' })).toThrow('must start with AC')
  })

  it('rate limited: once, and not again before the time it says', async () => {
    const sms = texts()
    simulator.behave('rate_limited', { retryAfterSeconds: 12 })
    const limited = { name: 'TryAgain', code: 'sms_rate_limited', afterSeconds: 12 }
    await expect(sms.send(TEXT, never)).rejects.toMatchObject(limited)
    simulator.behave('ok')
    await expect(sms.send(TEXT, never)).rejects.toMatchObject({ code: 'sms_rate_limited' })
    expect(simulator.requests).toHaveLength(1)
  })

  it('fails in a row: tries again, then leaves it alone', async () => {
    const sms = texts({ failures: 2 })
    simulator.behave('error', { status: 500 })
    for (const code of ['sms_unavailable', 'sms_unavailable', 'sms_circuit_open']) {
      await expect(sms.send(TEXT, never)).rejects.toMatchObject({ name: 'TryAgain', code })
    }
    expect(simulator.requests).toHaveLength(2)
  })

  it('no answer in time, a page of a proxy, or nobody there: tries again', async () => {
    simulator.behave('hang')
    await expect(texts({ timeoutMs: 100 }).send(TEXT, never)).rejects.toMatchObject({ code: 'sms_timeout' })
    simulator.behave('garbled')
    await expect(texts().send(TEXT, never)).rejects.toMatchObject({ code: 'sms_unavailable' })
    await expect(texts({ apiUrl: 'http://127.0.0.1:9' }).send(TEXT, never)).rejects.toMatchObject({
      name: 'TryAgain',
      code: 'sms_unavailable',
    })
  })

  it('stops when it is aborted, with the reason given', async () => {
    const abort = new AbortController()
    simulator.behave('hang')
    const answer = expect(texts({ timeoutMs: 60_000 }).send(TEXT, abort.signal)).rejects.toThrow('cancelled')
    await expect.poll(() => simulator.requests.length).toBe(1)
    abort.abort(new Error('the run was cancelled'))
    await answer
  })
})
