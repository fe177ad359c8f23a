/** What goes wrong, as an RFC 9457 problem with a sentence a person can act on. */
import { STATUS_CODES } from 'node:http'
import type { FieldError, Problem } from '../contract/problem.ts'
import { BadCursor } from '../postgres/cursor.ts'
import { isDiskFull, isOutage } from '../postgres/outage.ts'

export interface ProblemOptions {
  errors?: FieldError[] | undefined
  headers?: Record<string, string>
  runStatus?: string
  decision?: Problem['decision']
}

/** An answer that is a problem: thrown by a route or a hook, written by the error handler. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem'
  /** fastify's word for the status. */
  readonly statusCode: number
  readonly code: string
  readonly errors: FieldError[] | undefined
  readonly headers: Record<string, string>
  readonly runStatus: string | undefined
  readonly decision: Problem['decision']
  constructor(status: number, code: string, detail: string, options: ProblemOptions = {}) {
    super(detail)
    this.statusCode = status
    this.code = code
    this.errors = options.errors
    this.headers = options.headers ?? {}
    this.runStatus = options.runStatus
    this.decision = options.decision
  }

  toBody(): Problem {
    return {
      type: 'about:blank',
      title: STATUS_CODES[this.statusCode] ?? 'Error',
      status: this.statusCode,
      detail: this.message,
      code: this.code,
      ...(this.errors ? { errors: this.errors } : {}),
      ...(this.runStatus ? { run_status: this.runStatus } : {}),
      ...(this.decision ? { decision: this.decision } : {}),
    }
  }
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

/** 422 naming every wrong field. */
export function invalid(errors: FieldError[], code = 'invalid_request'): HttpProblem {
  const named = errors.map((error) => error.path).slice(0, 10)
  const detail = `The request is well-formed but invalid: see ${named.join(', ') || 'errors'}.`
  return new HttpProblem(422, code, detail, { errors })
}

/** 404. */
export function runNotFound(runId: string): HttpProblem {
  return new HttpProblem(404, 'run_not_found', `There is no workflow run ${quoted(runId)}.`)
}

/** 404. */
export function eventNotFound(eventId: string): HttpProblem {
  return new HttpProblem(404, 'event_not_found', `There is no event ${quoted(eventId)}.`)
}

/** A name from a request, short enough to be read in a sentence. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}

/** Any thrown thing as the problem to answer with; 500 only for what is a fault of the service itself. */
export function problemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error
  if (error instanceof BadCursor)
    return invalid([{ path: 'query.cursor', message: error.message }], error.code)
  if (isDiskFull(error)) {
    const detail =
      "The disk of the service's database is full: nothing was taken in, and nothing can be until there is space. Try again later."
    return new HttpProblem(503, 'database_full', detail, { headers: { 'retry-after': '30' } })
  }
  if (chain(error).some(isLostRace)) {
    const detail = 'Something else was writing the same rows. Try again: nothing of this request was done.'
    return new HttpProblem(503, 'database_busy', detail, { headers: { 'retry-after': '1' } })
  }
  if (chain(error).some(isAway)) {
    const detail =
      'The database cannot be reached at the moment. Try again; under the same idempotency key nothing is done twice.'
    return new HttpProblem(503, 'database_unavailable', detail, { headers: { 'retry-after': '2' } })
  }
  if (!(error instanceof Error)) return unexpected()
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  const known = typeof code === 'string' ? FRAMEWORK[code] : undefined
  if (known) return new HttpProblem(known[0], known[1], known[2])
  // Data the database cannot hold, which the checks before it did not foresee: still the request's fault.
  if (typeof code === 'string' && /^22[0-9A-Z]{3}$/.test(code)) {
    return new HttpProblem(422, 'invalid_request', 'The request holds a value that cannot be stored.')
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new HttpProblem(statusCode, 'bad_request', error.message)
  }
  return unexpected()
}

function unexpected(): HttpProblem {
  const detail =
    'The service met an error it did not expect. Its log has the details, under the id of this request.'
  return new HttpProblem(500, 'internal_error', detail)
}

const FRAMEWORK: Record<string, [status: number, code: string, detail: string]> = {
  FST_ERR_CTP_INVALID_JSON_BODY: [400, 'malformed_json', 'The body is not JSON: correct its syntax.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, 'malformed_json', 'The body is empty where JSON is expected.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    400,
    'bad_request',
    'The body is not as long as its Content-Length says.',
  ],
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'body_too_large', 'The body is too large: send less at once.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    415,
    'unsupported_media_type',
    'Send the body as JSON, with Content-Type: application/json.',
  ],
  FST_ERR_BAD_URL: [400, 'bad_url', 'The address is not valid: check its percent-encoding.'],
  FST_ERR_MAX_PARAM_LENGTH: [414, 'url_too_long', 'The address is too long.'],
}

/** The error and its causes: an engine may wrap what its driver threw. */
function chain(error: unknown): unknown[] {
  const links: unknown[] = []
  for (let link = error; link instanceof Error && links.length < 5; link = link.cause) links.push(link)
  return links
}

/** 40001, 40P01 and 55P03: it lost a race inside the database, and may win the next. */
function isLostRace(error: unknown): boolean {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
  return code === '40001' || code === '40P01' || code === '55P03'
}

function isAway(error: unknown): boolean {
  return (
    isOutage(error) || (error instanceof Error && /Cannot use a pool after calling end/.test(error.message))
  )
}
