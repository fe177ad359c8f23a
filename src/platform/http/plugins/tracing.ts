import type { FastifyInstance } from 'fastify'
import { type OpenSpan, openSpan } from '../../observability/spans.ts'

declare module 'fastify' {
  interface FastifyRequest {
    span: OpenSpan | null
  }
}

/** Asked every few seconds by machines: nobody looks for them in a trace. */
const UNTRACED = ['/livez', '/readyz', '/metrics']

/**
 * A span for each request, in the caller's trace when it sends a `traceparent`. Named by its route, never by its
 * address, which may name a guest. Without an SDK it does nothing.
 */
export function addTracing(app: FastifyInstance): void {
  app.decorateRequest('span', null)
  app.addHook('onRequest', (request, _reply, next) => {
    const route = request.routeOptions.url
    if (route === undefined || UNTRACED.includes(route)) return next()
    const { traceparent } = request.headers
    const attributes = { 'http.request.method': request.method, 'http.route': route }
    request.span = openSpan({
      name: `${request.method} ${route}`,
      kind: 'server',
      attributes,
      within: { traceparent: typeof traceparent === 'string' ? traceparent : undefined },
    })
    next()
  })
  // Only after the body was read: its parser goes on in a callback that knows nothing of us.
  app.addHook('preValidation', (request, _reply, next) => (request.span ? request.span.run(next) : next()))
  app.addHook('onResponse', (request, reply, next) => {
    const { statusCode } = reply
    request.span?.set({ 'http.response.status_code': statusCode })
    request.span?.end(statusCode >= 500 ? `http_${statusCode}` : undefined)
    next()
  })
  app.addHook('onRequestAbort', (request, next) => {
    request.span?.end('aborted')
    next()
  })
}
