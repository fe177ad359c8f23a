/** What the simulated LLM, ML and CV services share: a key to be let in, checked bodies, remembered Idempotency-Keys. */
import type { z } from 'zod'
import {
  type ServiceSimulator,
  type SimulatedAnswer,
  type SimulatedRequest,
  startServiceSimulator,
} from './service-simulator.ts'

export interface SimulatorAccess {
  /** Default 0: a free one. */
  port?: number | undefined
  /** Asked for as `Authorization: Bearer`. Default: everybody is let in. */
  apiKey?: string | undefined
}

export interface Route {
  method: 'GET' | 'POST'
  /** Its first group is the id in the path. */
  path: RegExp
  answer(request: SimulatedRequest, id: string): SimulatedAnswer
}

/** A GET: nothing to remember. */
export function look(path: RegExp, find: (id: string) => unknown): Route {
  const answer = (_: SimulatedRequest, id: string): SimulatedAnswer => {
    const body = find(id)
    return body === undefined ? { status: 404, body: { error: 'not found' } } : { body }
  }
  return { method: 'GET', path, answer }
}

/**
 * A POST with an Idempotency-Key: a repeat gets the first answer, the same key with another body 409. Each call of
 * `make` is a real piece of work.
 */
export function work<Body extends z.ZodType>(
  path: RegExp,
  schema: Body,
  make: (body: z.output<Body>) => SimulatedAnswer,
): Route {
  const done = new Map<string, { text: string; answer: SimulatedAnswer }>()
  const answer = (request: SimulatedRequest): SimulatedAnswer => {
    const key = request.headers['idempotency-key']
    if (typeof key !== 'string') return { status: 400, body: { error: 'Idempotency-Key is missing' } }
    const first = done.get(key)
    if (first && first.text !== request.text) return { status: 409, body: { error: 'another body' } }
    if (first) return { ...first.answer, status: 200 }
    const body = schema.safeParse(request.json())
    if (!body.success) return { status: 422, body: { errors: body.error.issues } }
    const made = make(body.data)
    done.set(key, { text: request.text, answer: made })
    return made
  }
  return { method: 'POST', path, answer }
}

export function startHotelService(
  { port, apiKey }: SimulatorAccess,
  routes: readonly Route[],
): Promise<ServiceSimulator> {
  return startServiceSimulator({
    port,
    handle(request) {
      if (apiKey !== undefined && request.headers.authorization !== `Bearer ${apiKey}`) {
        return { status: 401, body: { error: 'unauthorized' } }
      }
      for (const { method, path, answer } of routes) {
        const match = method === request.method ? path.exec(request.path) : null
        if (match) return answer(request, decodeURIComponent(match[1] ?? ''))
      }
      return { status: 404, body: { error: 'no such path' } }
    },
  })
}

/** 0..1, the same for the same text: what stands in for a model's opinion. */
export function opinion(text: string): number {
  let hash = 2166136261
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619)
  // The low bits of the sum are the last letters': mix them before they are read.
  hash = Math.imul(hash ^ (hash >>> 16), 2246822507)
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
}
