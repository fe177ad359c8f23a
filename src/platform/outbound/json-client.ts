/** JSON (or form) over HTTP to another service, through its guard. Answers are validated; what they say never reaches a log. */
import { context, propagation } from '@opentelemetry/api'
import { Agent, request } from 'undici'
import type { z } from 'zod'
import { GiveUp, TryAgain } from '../engine/errors.ts'
import type { ServiceGuard } from './service-guard.ts'

export interface JsonClientSettings {
  /** Base URL; paths are put behind it. */
  url: string
  guard: ServiceGuard
  /** Of every request: authorization. */
  headers?: Record<string, string>
  /** Largest answer that is read. Default 5,000,000 bytes. */
  maxAnswerBytes?: number
}

export interface JsonCall<Answer extends z.ZodType> {
  /** For metrics: one word per kind of call, never an id. */
  operation: string
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Ids in it went through `encodeURIComponent`. One with the segment `.` or `..` is refused: it would ask for something else. */
  path: string
  query?: Record<string, string | number | boolean | undefined>
  json?: unknown
  form?: Record<string, string>
  /** Sent as `Idempotency-Key` where given. */
  idempotencyKey?: string
  answer: Answer
  /** Statuses that are answered with undefined, not an error: `[404]` for "is there one?". */
  absent?: readonly number[]
  signal: AbortSignal
}

export interface JsonClient {
  /**
   * Throws GiveUp (`<service>_refused`, `_unauthorized`, `_not_found`, `_invalid_answer`, `_invalid_request`: never
   * sent) or TryAgain; see ServiceGuard. Redirects are not followed.
   */
  call<Answer extends z.ZodType>(call: JsonCall<Answer>): Promise<z.output<Answer> | undefined>
  /** A POST that always has an answer. */
  post<Answer extends z.ZodType>(call: Omit<JsonCall<Answer>, 'method' | 'absent'>): Promise<z.output<Answer>>
  close(): Promise<void>
}

export function createJsonClient(settings: JsonClientSettings): JsonClient {
  const { guard, maxAnswerBytes = 5_000_000 } = settings
  const { service } = guard
  const dispatcher = new Agent({ connections: 32, keepAliveTimeout: 10_000 })
  const base = settings.url.replace(/\/+$/, '')
  const call: JsonClient['call'] = ({ operation, signal, ...asked }) =>
    guard.call(operation, signal, async (within) => {
      const answer = await request(urlOf(base, asked, service), {
        method: asked.method,
        headers: headersOf(settings.headers, asked),
        body: bodyOf(asked),
        signal: within,
        dispatcher,
      }).catch((error: unknown) => {
        throw isUnsendable(error) ? invalidRequest(service, error) : error
      })
      const text = await readText(answer.body, maxAnswerBytes, service)
      if (asked.absent?.includes(answer.statusCode)) return undefined
      if (answer.statusCode >= 300) throw refusal(service, answer.statusCode, answer.headers['retry-after'])
      return parsed(service, text, asked.answer)
    })
  return {
    call,
    // Without `absent` there is no undefined.
    post: (asked) => call({ ...asked, method: 'POST' }) as Promise<z.output<typeof asked.answer>>,
    close: () => dispatcher.destroy(),
  }
}

/** A setting no request can be made of, an API key with a line break: the service is not to blame. */
function isUnsendable(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'UND_ERR_INVALID_ARG'
}

function invalidRequest(service: string, cause?: unknown): GiveUp {
  const message = `No request to "${service}" can be made of this: its settings, or an id in it, hold what a URL or a header may not.`
  return new GiveUp(`${service}_invalid_request`, message, { cause })
}

type CallBody = Omit<JsonCall<z.ZodType>, 'operation' | 'signal'>

function urlOf(base: string, { path, query = {} }: CallBody, service: string): URL {
  if (/(^|\/)\.{1,2}(\/|$)/.test(path)) throw invalidRequest(service)
  const url = new URL(`${base}${path}`)
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value))
  }
  return url
}

function headersOf(common: Record<string, string> | undefined, call: CallBody): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json', ...common }
  if (call.json !== undefined) headers['content-type'] = 'application/json'
  if (call.form !== undefined) headers['content-type'] = 'application/x-www-form-urlencoded'
  if (call.idempotencyKey !== undefined) headers['idempotency-key'] = call.idempotencyKey
  // The trace goes on in the other service; without tracing this adds nothing.
  propagation.inject(context.active(), headers)
  return headers
}

function bodyOf({ json, form }: CallBody): string | null {
  if (json !== undefined) return JSON.stringify(json)
  return form === undefined ? null : new URLSearchParams(form).toString()
}

async function readText(body: AsyncIterable<Buffer>, most: number, service: string): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > most)
      throw new GiveUp(`${service}_invalid_answer`, `"${service}" answered with more than ${most} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** What an HTTP status that is no success instructs. */
export function refusal(
  service: string,
  status: number,
  retryAfter: string | string[] | undefined,
): GiveUp | TryAgain {
  const message = `"${service}" answered with HTTP status ${status}.`
  const after = retryAfterSeconds(retryAfter)
  if (status === 429) return new TryAgain(`${service}_rate_limited`, message, after ?? 1)
  if (status === 408 || status === 425 || status >= 500) {
    return new TryAgain(`${service}_unavailable`, message, after)
  }
  if (status === 401 || status === 403) return new GiveUp(`${service}_unauthorized`, message)
  if (status === 404) return new GiveUp(`${service}_not_found`, message)
  return new GiveUp(`${service}_refused`, message)
}

/** Seconds, or an HTTP date; undefined: none, or neither. */
export function retryAfterSeconds(header: string | string[] | undefined): number | undefined {
  const text = Array.isArray(header) ? header[0] : header
  if (text === undefined) return undefined
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, (at - Date.now()) / 1000)
}

function parsed<Answer extends z.ZodType>(service: string, text: string, schema: Answer): z.output<Answer> {
  let value: unknown
  try {
    value = text === '' ? null : JSON.parse(text)
  } catch {
    // A proxy's page in between: the service itself may be well again the next time.
    throw new TryAgain(`${service}_unavailable`, `"${service}" answered with something that is not JSON.`)
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const fields = [...new Set(result.error.issues.map(({ path }) => nameOf(path)))]
  throw new GiveUp(
    `${service}_invalid_answer`,
    `"${service}" answered in another form: ${fields.slice(0, 10).join(', ')}.`,
  )
}

/** Names of fields only: a map in the answer may have anything as its keys. */
function nameOf(path: readonly PropertyKey[]): string {
  const names = path.map((part) => (/^\w{1,40}$/.test(String(part)) ? String(part) : '?'))
  return names.join('.') || 'the whole answer'
}
