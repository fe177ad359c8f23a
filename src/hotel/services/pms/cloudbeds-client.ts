import { z } from 'zod'
import { GiveUp, TryAgain } from '../../../platform/engine/errors.ts'
import { createJsonClient, type JsonCall } from '../../../platform/outbound/json-client.ts'
import type { ServiceGuard } from '../../../platform/outbound/service-guard.ts'
import { createRequestPace, type RequestPace } from './request-pace.ts'

export interface CloudbedsAccess {
  /** With its version: `https://api.cloudbeds.com/api/v1.3`. */
  url: string
  apiKey: string
  /** Undefined: the key is of one property only. */
  propertyId: string | undefined
  guard: ServiceGuard
  /** Default: what Cloudbeds allows a property, five requests a second. */
  pace?: RequestPace
}

type Fields = Record<string, string>

/** Each call is named by its path, as Cloudbeds does. All throw what JsonClient throws. */
export interface CloudbedsClient {
  readonly service: string
  get<Body extends z.ZodType>(
    operation: string,
    query: NonNullable<JsonCall<Body>['query']>,
    body: Body,
    signal: AbortSignal,
  ): Promise<z.output<Body>>
  /** Undefined: there is none. */
  find<Body extends z.ZodType>(
    operation: string,
    query: NonNullable<JsonCall<Body>['query']>,
    body: Body,
    signal: AbortSignal,
  ): Promise<z.output<Body> | undefined>
  send(method: 'POST' | 'PUT', operation: string, form: Fields, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** A little wider than the second it stands for: the network may bunch up what went out evenly. */
const ALLOWED = { requests: 5, withinMs: 1_100 }

export function connectCloudbeds(access: CloudbedsAccess): CloudbedsClient {
  const { guard, url, propertyId, pace = createRequestPace(ALLOWED) } = access
  const { service } = guard
  const headers = { 'x-api-key': access.apiKey, ...(propertyId ? { 'x-property-id': propertyId } : {}) }
  const client = createJsonClient({ url, guard, headers })

  async function ask<Answer extends z.ZodType>(call: Omit<JsonCall<Answer>, 'path'>) {
    // Before the guard: a place in this line is not time that Cloudbeds takes to answer.
    await pace(call.signal)
    return client.call<Answer>({ ...call, path: `/${call.operation}` })
  }

  return {
    service,
    async get(operation, query, body, signal) {
      const answer = judged(service, operation).pipe(body)
      return (await ask({ operation, method: 'GET', query, answer, signal })) as z.output<typeof body>
    },
    find(operation, query, body, signal) {
      const answer = judged(service, operation, { mayBeAbsent: true }).pipe(body.optional())
      return ask({ operation, method: 'GET', query, answer, absent: [404], signal })
    },
    async send(method, operation, form, signal) {
      const answer = judged(service, operation).pipe(z.object({ success: z.literal(true) }))
      await ask({ operation, method, form, answer, signal })
    },
    close: () => client.close(),
  }
}

const Refusal = z.object({ success: z.literal(false), message: z.string().nullish() })
const NOT_FOUND = /not found|(does ?n.t|does not) exist|no such reservation|invalid reservation/i
const TOO_MANY = /too many requests|rate.?limit|throttl/i
const IN_MAINTENANCE = /(system|service|server|api|site)\b.*\bmaintenance|maintenance mode|try again later/i
const NO_ACCESS = /access.?token|api.?key|unauthori[sz]ed|permission|scope/i

/**
 * Cloudbeds refuses with status 200 and `{success: false, message}`. It is read as an instruction while the answer is
 * parsed, which is within the guard: that must hear of rate limits and outages.
 */
function judged(service: string, operation: string, { mayBeAbsent = false } = {}) {
  return z.unknown().transform((answer) => {
    const refusal = Refusal.safeParse(answer)
    if (!refusal.success) return answer
    const message = refusal.data.message ?? ''
    if (mayBeAbsent && NOT_FOUND.test(message)) return undefined
    throw instructionOf(service, operation, message)
  })
}

/** What the message says may be about guests, and goes no further. */
function instructionOf(service: string, operation: string, message: string): GiveUp | TryAgain {
  if (TOO_MANY.test(message)) {
    return new TryAgain(`${service}_rate_limited`, `"${service}" asks for fewer requests.`, 1)
  }
  if (IN_MAINTENANCE.test(message)) {
    return new TryAgain(`${service}_unavailable`, `"${service}" is under maintenance.`)
  }
  if (NO_ACCESS.test(message))
    return new GiveUp(`${service}_unauthorized`, `"${service}" denies ${operation}.`)
  if (NOT_FOUND.test(message))
    return new GiveUp(`${service}_not_found`, `"${service}" has nothing to ${operation}.`)
  return new GiveUp(`${service}_refused`, `"${service}" refused ${operation}.`)
}
