import type { FastifyRequest } from 'fastify'
import { HttpProblem } from '../problem.ts'

/**
 * An open service listens on loopback, but a page in a browser on the same machine can reach it too: by a name of its
 * own that resolves to 127.0.0.1 (so the Host must be a loopback name), or straight across sites (so a request that
 * changes something must not come from another origin). Throws a 403.
 */
export function requireLocalRequest(request: FastifyRequest): void {
  const host = hostOf(`http://${request.headers.host ?? ''}`)
  if (host === undefined || !isLoopback(host.hostname)) {
    const detail = 'Without API keys this service answers on localhost only: use that name, or set API_KEYS.'
    throw new HttpProblem(403, 'not_local', detail)
  }
  const origin = request.headers.origin
  if (origin === undefined || request.method === 'GET' || request.method === 'HEAD') return
  if (hostOf(origin)?.host !== host.host) {
    throw new HttpProblem(403, 'cross_site', 'Pages of another site may not use this service.')
  }
}

function hostOf(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  )
}
