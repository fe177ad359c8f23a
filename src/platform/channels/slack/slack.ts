/** Where Slack messages go out. The adapter is `web-api.ts`; without a token there is none, and nothing is sent. */

export interface SlackMessage {
  /** A channel's or a user's id; a user gets it as a direct message. */
  channel: string
  /** Slack markup; the caller escapes `&`, `<` and `>` in values. At most 40,000 characters. */
  text: string
}

export interface Slack {
  /**
   * Sends one message; `id` is Slack's timestamp of it, unique within its channel. Slack takes no idempotency key: two
   * calls are two messages. Throws TryAgain (`slack_rate_limited` with its delay, `slack_unavailable`; see
   * ServiceGuard) or GiveUp (`slack_refused`: bad token, no such channel); an abort throws the signal's reason.
   */
  post(message: SlackMessage, signal: AbortSignal): Promise<{ id: string }>
}
