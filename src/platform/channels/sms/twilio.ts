import type { Twilio } from 'twilio'
import { request } from 'undici'
import { GiveUp, TryAgain } from '../../engine/errors.ts'
import { retryAfterSeconds } from '../../outbound/json-client.ts'
import type { ServiceGuard } from '../../outbound/service-guard.ts'
import type { TextMessage, TextMessages } from './text-messages.ts'

export interface TwilioSettings {
  /** Starts with `AC`. */
  accountSid: string
  authToken: string
  /** A number (`+15005550006`), or a messaging service (`MG...`). */
  from: string
  channel: 'sms' | 'whatsapp'
  /** Base URL; another one in tests. Default `https://api.twilio.com`. */
  apiUrl?: string | undefined
  guard: ServiceGuard
}

/** So many of the last messages to a number are looked through for one that was sent already. */
const LOOK_BACK = 50
/** Between our clock and theirs. */
const CLOCK_SKEW_MS = 60_000
/** Twilio's own queue for the sender is full: an answer of status 400 that is none for good. */
const QUEUE_FULL = 21611
const TOO_MANY_REQUESTS = 20429

/**
 * SMS or WhatsApp through Twilio. One call is one request; the SDK's own retries and logging stay off. Error codes begin
 * with the guard's name. Throws Error when `accountSid` is none.
 */
export function createTwilioMessages(settings: TwilioSettings): TextMessages {
  const { accountSid, from, channel, guard } = settings
  if (!accountSid.startsWith('AC')) throw new Error('TWILIO_ACCOUNT_SID must start with AC.')
  const address = (number: string) => (channel === 'whatsapp' ? `whatsapp:${number}` : number)
  const isService = from.startsWith('MG')
  const sender = isService ? { messagingServiceSid: from } : { from: address(from) }

  return {
    async send({ to, text }, signal) {
      const sent = await guard.call('send', signal, async (within) => {
        const client = await clientFor(settings, within)
        return client.messages
          .create({ to: address(to), body: text, ...sender })
          .catch((error: unknown) => refuse(guard.service, error))
      })
      return { id: sent.sid }
    },
    async findSent({ to, text }: TextMessage, since, signal) {
      const recent = await guard.call('find', signal, async (within) => {
        const client = await clientFor(settings, within)
        const filter = isService ? {} : { from: address(from) }
        return client.messages
          .list({ to: address(to), ...filter, pageSize: LOOK_BACK, limit: LOOK_BACK })
          .catch((error: unknown) => refuse(guard.service, error))
      })
      // A trial account's messages begin with a note of Twilio's.
      const found = recent.find(
        ({ body, dateCreated, status }) =>
          body.endsWith(text) &&
          dateCreated.getTime() >= since.getTime() - CLOCK_SKEW_MS &&
          !FAILED.includes(status),
      )
      return found && { id: found.sid }
    },
  }
}

const FAILED: readonly string[] = ['failed', 'undelivered', 'canceled']

/**
 * A client for one call: the SDK takes no signal, so its requests listen to the caller's. The SDK is large and loaded
 * when the first message goes out.
 */
async function clientFor(
  { accountSid, authToken, apiUrl, guard }: TwilioSettings,
  signal: AbortSignal,
): Promise<Twilio> {
  const { default: twilio } = await import('twilio')
  class GuardedRequests extends twilio.RequestClient {
    override async request<Body>(
      options: Parameters<InstanceType<typeof twilio.RequestClient>['request']>[0],
    ) {
      const url = new URL(options.uri)
      const target = new URL(`${apiUrl?.replace(/\/+$/, '') ?? url.origin}${url.pathname}${url.search}`)
      for (const [name, value] of Object.entries(options.params ?? {}))
        target.searchParams.set(name, String(value))
      const token = Buffer.from(`${options.username}:${options.password}`).toString('base64')
      const answer = await request(target, {
        method: options.method === 'post' ? 'POST' : 'GET',
        headers: { ...(options.headers as Record<string, string>), authorization: `Basic ${token}` },
        body: options.data ? new URLSearchParams(options.data as Record<string, string>).toString() : null,
        signal,
      })
      const text = await answer.body.text()
      throwIfPassing(guard.service, answer.statusCode, answer.headers['retry-after'])
      return {
        statusCode: answer.statusCode,
        body: text as Body,
        headers: answer.headers,
        toString: () => '',
      }
    }
  }
  const httpClient = new GuardedRequests()
  return twilio(accountSid, authToken, { httpClient, accountSid, autoRetry: false, logLevel: 'none' })
}

function throwIfPassing(service: string, status: number, retryAfter: string | string[] | undefined): void {
  const after = retryAfterSeconds(retryAfter)
  if (status === 429) throw rateLimited(service, after)
  if (status < 500 && status !== 408) return
  throw new TryAgain(`${service}_unavailable`, `Twilio answered with HTTP status ${status}.`, after)
}

function rateLimited(service: string, afterSeconds: number | undefined): TryAgain {
  return new TryAgain(`${service}_rate_limited`, 'Twilio takes no more messages for now.', afterSeconds)
}

/** Twilio's own sentences name the number: only its code is passed on. */
function refuse(service: string, error: unknown): never {
  if (error instanceof GiveUp || error instanceof TryAgain) throw error
  const { status, code } = error as { status?: unknown; code?: unknown }
  if (typeof status !== 'number' || status < 400) throw error
  if (code === QUEUE_FULL || code === TOO_MANY_REQUESTS) throw rateLimited(service, undefined)
  const what = typeof code === 'number' ? code : `HTTP status ${status}`
  throw new GiveUp(`${service}_refused`, `Twilio refused the message: ${what}.`, { cause: error })
}
