import type { AsyncMessage, Channel } from 'rabbitmq-client'

type HeaderHook = (frame: { fields: { contentEncoding?: string } }) => void

/** Marks a body the library must not touch; never reaches the broker. */
const UNTOUCHED = 'raw'

/**
 * Makes a channel deliver bodies as the bytes that were sent. Left alone, the library parses `application/json` and
 * decodes `text/plain`, which turns bytes that are not UTF-8 into replacement characters: the audit trail would hold
 * something nobody sent. It leaves alone what has a content encoding, so each header gets one, which only this
 * process sees. Should the library rename its hook, `bodyBytes` below still answers, without that strictness.
 */
export function deliverRawBodies(channel: Channel): void {
  const hooked = channel as unknown as { _onHeader?: HeaderHook }
  const original = hooked._onHeader
  if (original === undefined) return
  hooked._onHeader = (frame) => {
    frame.fields.contentEncoding ??= UNTOUCHED
    original.call(channel, frame)
  }
}

/** The body as sent. */
export function bodyBytes(message: AsyncMessage): Buffer {
  const body: unknown = message.body
  if (Buffer.isBuffer(body)) return body
  const text = message.contentType === 'text/plain' ? String(body) : JSON.stringify(body)
  return Buffer.from(text, 'utf8')
}

/** The sender's content encoding, if it gave one. */
export function contentEncoding(message: AsyncMessage): string | undefined {
  return message.contentEncoding === UNTOUCHED ? undefined : message.contentEncoding
}
