/** Headers that protect browsers, and how much anybody may ask. */
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Logger } from '../../observability/logger.ts'
import { onceAMinute } from '../../observability/once-a-minute.ts'
import { addressGroup } from '../caller-address.ts'
import { HttpProblem } from '../problem.ts'

export interface ProtectionDeps {
  /** No key is configured: everyone may do everything, from this machine only. */
  open: boolean
  /** Counts the limits for all processes together; without it each counts for itself. */
  redis?: SharedCounters | undefined
  logger: Logger
  settings: { rateLimitPerMinute: number; wrongKeysPerMinute: number }
}

/** The part of a Redis client that the limits need. */
interface SharedCounters {
  defineCommand(name: string, definition: { lua: string; numberOfKeys?: number }): void
}

/** Throws a 429 when the address of a request has sent too many keys that let nobody in. */
export type CountWrongKey = (request: FastifyRequest) => Promise<void>

const MINUTE_MS = 60_000

/** Register before any route. Returns the count of wrong keys, for the authentication. */
export async function addProtection(app: FastifyInstance, deps: ProtectionDeps): Promise<CountWrongKey> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    // Whether a host is reached by TLS alone is for what terminates TLS to say.
    hsts: false,
  })
  app.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store'))
  await app.register(rateLimit, {
    max: deps.settings.rateLimitPerMinute,
    timeWindow: MINUTE_MS,
    // Redis away: the limit is not kept, rather than everybody refused.
    ...(deps.redis ? { redis: deps.redis, nameSpace: 'prefect-rate:', skipOnError: true } : {}),
    keyGenerator: (request) => (deps.open || !request.caller ? request.ip : `key:${request.caller.name}`),
    errorResponseBuilder: (_request, { after }) =>
      new HttpProblem(429, 'rate_limited', `Too many requests: try again in ${after}.`),
  })
  return countWrongKeys(app, deps)
}

/** A key that is right is let in whatever others at its address do: decision 0018. */
function countWrongKeys(app: FastifyInstance, { settings, logger }: ProtectionDeps): CountWrongKey {
  const count = app.createRateLimit({
    max: settings.wrongKeysPerMinute,
    timeWindow: MINUTE_MS,
    keyGenerator: (request) => `wrong-key:${addressGroup(request.ip)}`,
  })
  const report = onceAMinute((address: string) =>
    logger.warn({ address }, 'one address sends many wrong keys'),
  )
  return async (request) => {
    const counted = await count(request)
    if (counted.isAllowed || !counted.isExceeded) return
    report(addressGroup(request.ip))
    const detail = `Too many requests with a key that is not good here: try again in ${counted.ttlInSeconds} s, with a key that is.`
    const headers = { 'retry-after': String(counted.ttlInSeconds) }
    throw new HttpProblem(429, 'too_many_wrong_keys', detail, { headers })
  }
}
