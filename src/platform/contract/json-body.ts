/** Reading a body that should be JSON, and saying what is wrong with one that is not. */

/** The value, and the text it was read from: JavaScript's numbers hold about 16 digits, the text holds them all. */
export type JsonBody = { text: string; value: unknown } | { text: string; reason: string }

const strict = new TextDecoder('utf-8', { fatal: true })
const lenient = new TextDecoder('utf-8')

/**
 * A byte order mark is left out. `reason`: a sentence for the sender; `text` then has a replacement character where there
 * is none. Members named `__proto__` and `constructor` are members like any other: the value has them as its own.
 */
export function readJson(bytes: Uint8Array): JsonBody {
  let text: string
  try {
    text = strict.decode(bytes)
  } catch {
    return { text: lenient.decode(bytes), reason: isGzip(bytes) ? COMPRESSED : 'The body is not UTF-8 text.' }
  }
  try {
    return { text, value: JSON.parse(text) as unknown }
  } catch {
    return { text, reason: whyNotJson(text) }
  }
}

const COMPRESSED =
  'The body is compressed (gzip). Over HTTP say so with Content-Encoding: gzip; messages of RabbitMQ are taken as plain JSON.'

function isGzip([first, second]: Uint8Array): boolean {
  return first === 0x1f && second === 0x8b
}

/** A string, to its end or the text's; or what Python's `json.dumps` and others write, and JSON does not have. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"?|-?\b(?:NaN|Infinity)\b/gs

function whyNotJson(text: string): string {
  for (const [found] of text.matchAll(STRING_OR_NUMBER)) {
    if (!found.startsWith('"'))
      return `The body is not JSON: ${found} is no number there. Send null, or leave the field out.`
  }
  return 'The body is not JSON.'
}
