/** A parameter that a route does not know would be a filter that silently does nothing: it is refused by name. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { FieldError } from '../../contract/problem.ts'
import { nearestNames } from '../../spelling.ts'
import { invalid, quoted } from '../problem.ts'

/** Every route but the pages of the documentation, whose scripts are not ours. Call on the root, before any route. */
export function addQueryNames(app: FastifyInstance): void {
  app.addHook('preValidation', async ({ query, routeOptions: { url, schema }, is404 }) => {
    if (is404 || url?.startsWith('/docs')) return
    const known = schema?.querystring instanceof z.ZodObject ? Object.keys(schema.querystring.shape) : []
    const unknown = Object.keys(query as object).filter((name) => !known.includes(name))
    if (unknown.length > 0)
      throw invalid(
        unknown.map((name) => refusal(name, known)),
        'unknown_parameter',
      )
  })
}

function refusal(name: string, known: readonly string[]): FieldError {
  const [nearest] = nearestNames(name, known)
  const hint =
    known.length === 0
      ? 'this address takes no parameters'
      : nearest === undefined
        ? `there are ${known.join(', ')}`
        : `did you mean ${quoted(nearest)}?`
  return { path: `query.${name.slice(0, 100)}`, message: `is not a parameter here: ${hint}` }
}
