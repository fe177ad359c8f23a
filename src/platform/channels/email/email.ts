export interface EmailMessage {
  to: string
  subject: string
  text: string
  html: string
  /** The same key gives the same Message-ID: a mail store that knows it shows a repeat once. */
  key: string
}

export interface Email {
  /** Returns the Message-ID. Throws GiveUp when the address or the message is refused for good, else TryAgain. */
  send(message: EmailMessage, signal: AbortSignal): Promise<{ id: string }>
  close(): Promise<void>
}
