import type { FastifyRequest } from 'fastify'

/** The key, and the person behind it who named themselves: `Mai (front-desk)`. */
export function whoAsks(caller: FastifyRequest['caller'], by?: string): string | null {
  const key = caller?.name ?? null
  return by === undefined || key === null ? (by ?? key) : `${by} (${key})`
}
