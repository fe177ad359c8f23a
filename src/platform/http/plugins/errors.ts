/** Every answer that is not a success, in one place and one form. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { HttpProblem, PROBLEM_TYPE, problemOf, quoted } from '../problem.ts'

/** Error handler and not-found handler. Register after the rate limit, which also counts unknown addresses. */
export function addErrors(app: FastifyInstance, preHandler?: ReturnType<FastifyInstance['rateLimit']>): void {
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
  app.setNotFoundHandler(preHandler ? { preHandler } : {}, async (request) => {
    const asked = `${request.method} ${quoted(request.url.split('?')[0] ?? '')}`
    throw new HttpProblem(
      404,
      'no_such_address',
      `There is nothing at ${asked}: see /docs for what there is.`,
    )
  })
}

/** Writes the problem; only what is the service's own fault goes to the log. */
export function sendProblem(
  error: FastifyError | unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const problem = problemOf(error)
  if (problem.statusCode >= 500) {
    request.log.error(
      { err: error, route: request.routeOptions?.url, status: problem.statusCode },
      'request failed',
    )
  }
  return reply
    .code(problem.statusCode)
    .headers(problem.headers)
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problem.toBody()))
}
