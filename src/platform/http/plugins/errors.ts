/** Every answer that is not a success, in one place and one form. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { HttpProblem, PROBLEM_TYPE, problemOf, quoted } from '../problem.ts'
import type { MethodsAt } from './methods.ts'

/**
 * Error handler, and what is answered where there is no route. Register after the authentication and the rate limit,
 * which counts such requests too. Their bodies are not read.
 */
export function addErrors(app: FastifyInstance, methodsAt: MethodsAt): void {
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
  const count = app.rateLimit()
  // Only the files of /docs come here: a route that finds nothing.
  app.setNotFoundHandler(async (request) => {
    throw noSuchAddress(request.method, pathOf(request))
  })
  app.addHook('onRequest', async function (request, reply) {
    if (!request.is404) return
    await count.call(this, request, reply)
    const path = pathOf(request)
    const methods = methodsAt(path)
    if (methods.length === 0) throw noSuchAddress(request.method, path)
    const allow = [...methods, 'OPTIONS'].join(', ')
    if (request.method === 'OPTIONS') return reply.code(204).header('allow', allow).send()
    throw wrongMethod(request.method, path, allow)
  })
}

const pathOf = (request: FastifyRequest) => request.url.split('?')[0] ?? ''

function noSuchAddress(method: string, path: string): HttpProblem {
  const detail = `There is nothing at ${method} ${quoted(path)}: see /docs for what there is.`
  return new HttpProblem(404, 'no_such_address', detail)
}

function wrongMethod(method: string, path: string, allow: string): HttpProblem {
  const detail = `${quoted(path)} does not take ${method}: use ${allow.replaceAll(', ', ' or ')}.`
  return new HttpProblem(405, 'method_not_allowed', detail, { headers: { allow } })
}

/**
 * Writes the problem. What the service did wrong goes to the log with its stack; that the database is away, or that
 * there are too many streams already, in a line; what a client did, hanging up in the middle among it, only for `debug`.
 */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isGone = error instanceof Error && error === request.raw.errored
  const problem = isGone ? hungUp() : problemOf(error)
  logProblem(problem, error, request)
  return reply
    .code(problem.statusCode)
    .headers(problem.headers)
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problem.toBody()))
}

function logProblem({ statusCode: status, code }: HttpProblem, err: unknown, request: FastifyRequest): void {
  const about = { route: request.routeOptions?.url, status, code }
  if (status === 500) request.log.error({ err, ...about }, 'request failed')
  // A full disk is said once a minute, for everybody: postgres/disk-space.ts.
  else if (status === 503 && code !== 'database_full') request.log.info(about, 'request refused')
  else request.log.debug(about, 'request refused')
}

/** Nobody reads it: the connection is gone. */
function hungUp(): HttpProblem {
  return new HttpProblem(400, 'aborted', 'The connection ended before the request did.')
}
