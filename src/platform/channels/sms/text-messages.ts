export interface TextMessage {
  /** E.164: `+84901234567`. */
  to: string
  text: string
}

/** SMS or WhatsApp: one of these each. */
export interface TextMessages {
  /** Returns the provider's id. Throws GiveUp when the number or the message is refused for good, else TryAgain. */
  send(message: TextMessage, signal: AbortSignal): Promise<{ id: string }>
  /**
   * The provider takes no idempotency key, but remembers what it sent: the message with this text to this number
   * since then, if there is one. Asked before an attempt that may be a repeat.
   */
  findSent(message: TextMessage, since: Date, signal: AbortSignal): Promise<{ id: string } | undefined>
}
