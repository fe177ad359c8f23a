import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type SlackSimulator, startSlackSimulator } from '../../../../../simulators/services/slack.ts'
import { createSlack } from '../../../../../src/platform/channels/slack/web-api.ts'
import { createGuard } from '../../../../../src/platform/outbound/service-guard.ts'

const MESSAGE = { channel: 'U0KITCH001', text: 'Xin chào &amp; hello' }
const never = new AbortController().signal

let simulator: SlackSimulator
beforeEach(async () => {
  simulator = await startSlackSimulator()
})
afterEach(() => simulator.close())

function slack({
  timeoutMs = 5_000,
  ...settings
}: {
  token?: string
  apiUrl?: string
  timeoutMs?: number
} = {}) {
  const logger = pino({ level: 'silent' })
  const guard = createGuard({ service: 'slack', timeoutMs })
  return createSlack({ token: 'xoxb-test', apiUrl: simulator.url, guard, logger, ...settings })
}

describe('Slack', () => {
  it('posts a message and gives its id', async () => {
    const { id } = await slack().post(MESSAGE, never)
    expect(simulator.messages).toEqual([{ ...MESSAGE, ts: id }])
  })

  it.each([
    [
      'error',
      { name: 'TryAgain', code: 'slack_unavailable', message: 'Slack answered with HTTP status 500.' },
    ],
    ['rate_limited', { name: 'TryAgain', code: 'slack_rate_limited', afterSeconds: 12 }],
    ['invalid_auth', { name: 'GiveUp', code: 'slack_refused' }],
  ] as const)('%s is one request and an instruction', async (mode, instruction) => {
    simulator.behave(mode, { retryAfterSeconds: 12 })
    await expect(slack().post(MESSAGE, never)).rejects.toMatchObject(instruction)
    expect(simulator.calls()).toBe(1)
  })

  it.each([
    ['a channel that is not there', { channel: 'nowhere', text: 'x' }, 'channel_not_found'],
    ['an empty text', { channel: 'U0KITCH001', text: '' }, 'no_text'],
  ])('gives up on %s', async (_, message, code) => {
    const refusal = { name: 'GiveUp', message: `Slack refused the message: ${code}.` }
    await expect(slack().post(message, never)).rejects.toMatchObject(refusal)
  })

  it('gives up on a token that is none', async () => {
    await expect(slack({ token: 'nonsense' }).post(MESSAGE, never)).rejects.toMatchObject({
      code: 'slack_refused',
    })
  })

  it('tries again when the answer takes too long', async () => {
    simulator.behave('slow')
    const answer = slack({ timeoutMs: 50 }).post(MESSAGE, never)
    await expect(answer).rejects.toMatchObject({ name: 'TryAgain', code: 'slack_timeout' })
    expect(simulator.messages).toEqual([])
  })

  it('stops when it is aborted, with the reason given', async () => {
    simulator.behave('slow')
    const abort = new AbortController()
    const answer = slack({ timeoutMs: 600_000 }).post(MESSAGE, abort.signal)
    const settled = expect(answer).rejects.toThrow('the run was cancelled')
    await vi.waitFor(() => expect(simulator.calls()).toBe(1))
    abort.abort(new Error('the run was cancelled'))
    await settled
    await expect(slack().post(MESSAGE, abort.signal)).rejects.toThrow('the run was cancelled')
    expect(simulator.calls()).toBe(1)
  })

  it('tries again when nobody listens, or a proxy answers in its place', async () => {
    const proxy = createServer((_, response) => response.end('<html>Welcome to the hotel network</html>'))
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const apiUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/api/`
    const unavailable = {
      name: 'TryAgain',
      code: 'slack_unavailable',
      message: 'Slack could not be reached.',
    }
    await expect(slack({ apiUrl }).post(MESSAGE, never)).rejects.toMatchObject(unavailable)
    proxy.closeAllConnections()
    await new Promise((resolve) => proxy.close(resolve))
    await expect(slack({ apiUrl }).post(MESSAGE, never)).rejects.toMatchObject(unavailable)
  })
})
