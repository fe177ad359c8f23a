import {
  type LogLevel,
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebClient,
  type WebClientOptions,
} from '@slack/web-api'
import { GiveUp, TryAgain } from '../../engine/errors.ts'
import type { Logger } from '../../observability/logger.ts'
import type { ServiceGuard } from '../../outbound/service-guard.ts'
import type { Slack, SlackMessage } from './slack.ts'

export interface SlackSettings {
  /** Bot token (`xoxb-...`) with the scope `chat:write`. */
  token: string
  /** Base URL of the Web API; another one in tests. Default `https://slack.com/api/`. */
  apiUrl?: string | undefined
  logger: Logger
  /** Its timeout is the call's: the SDK gets none of its own. */
  guard: ServiceGuard
}

/** Slack's Web API. One call is one request: trying again is the task's business, where attempts are recorded. */
export function createSlack({ token, apiUrl, logger, guard }: SlackSettings): Slack {
  const options: WebClientOptions = {
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: quiet(logger),
  }
  const send = async ({ channel, text }: SlackMessage, signal: AbortSignal) => {
    // The SDK's calls take no signal. A client is cheap (connections are the runtime's), so each call gets its own,
    // whose fetch listens to the guard.
    const client = new WebClient(token, { ...options, fetch: (url, init) => fetch(url, { ...init, signal }) })
    try {
      const answer = await client.chat.postMessage({ channel, text, unfurl_links: false })
      return { id: answer.ts ?? '' }
    } catch (error) {
      signal.throwIfAborted()
      throw instructionFor(error)
    }
  }
  return { post: (message, signal) => guard.call('post', signal, (within) => send(message, within)) }
}

/** Slack's error codes that say "not now". All others name something a person must put right. */
const PASSING = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
])
const RATE_LIMITED = new Set(['ratelimited', 'rate_limited', 'message_limit_exceeded'])

function instructionFor(error: unknown): GiveUp | TryAgain {
  const cause = { cause: error }
  if (error instanceof WebAPIRateLimitedError) return rateLimited(error.retryAfter, cause)
  if (error instanceof WebAPIHTTPError) {
    const passing = error.statusCode >= 500 || error.statusCode === 408
    const message = `Slack answered with HTTP status ${error.statusCode}.`
    return passing
      ? new TryAgain('slack_unavailable', message, undefined, cause)
      : new GiveUp('slack_refused', message, cause)
  }
  if (error instanceof WebAPIPlatformError && isSlackCode(error.data.error)) {
    const code = error.data.error
    if (RATE_LIMITED.has(code)) return rateLimited(error.data.response_metadata?.retryAfter, cause)
    if (!PASSING.has(code)) return new GiveUp('slack_refused', `Slack refused the message: ${code}.`, cause)
    return new TryAgain('slack_unavailable', `Slack could not take the message: ${code}.`, undefined, cause)
  }
  // No connection, no answer in time, or an answer that is not Slack's (a proxy's page).
  return new TryAgain('slack_unavailable', 'Slack could not be reached.', undefined, cause)
}

function rateLimited(afterSeconds: number | undefined, cause: ErrorOptions): TryAgain {
  return new TryAgain('slack_rate_limited', 'Slack takes no more messages for now.', afterSeconds, cause)
}

function isSlackCode(error: unknown): error is string {
  return typeof error === 'string' && /^[a-z0-9_]{1,80}$/.test(error)
}

/** The SDK logs requests and bodies at debug, and bodies carry names: only its warnings pass, and no debug. */
function quiet(logger: Logger): NonNullable<WebClientOptions['logger']> {
  const none = () => {}
  return {
    debug: none,
    info: none,
    warn: () => logger.warn('slack: the SDK warns about a request'),
    error: () => logger.error('slack: the SDK reports an error'),
    setLevel: none,
    getLevel: () => 'warn' as LogLevel,
    setName: none,
  }
}
