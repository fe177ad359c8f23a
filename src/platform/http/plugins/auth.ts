/**
 * Who may do what. Default-deny: every route, and every address that is none, needs a key, except the two listed
 * here by their exact route. A route that does not say which scope it needs stops the start.
 */
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import type { KeyStore } from '../../access/keys.ts'
import { type Caller, SCOPES, type Scope } from '../../contract/key.ts'
import { HttpProblem } from '../problem.ts'
import { requireLocalRequest } from './local-only.ts'
import type { CountWrongKey } from './protection.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a key must be allowed to do to use this route. */
    scope?: Scope
  }
  interface FastifyRequest {
    /** Who asks; null on the open routes. */
    caller: Caller | null
  }
}

const OPEN_ROUTES: ReadonlySet<string> = new Set(['/livez', '/readyz'])
/** The pages of the documentation are registered by their own plugin, which knows no scopes. */
const DOCS = '/docs'
const EVERYONE: Caller = { name: 'open', scopes: SCOPES }

export interface AuthenticationDeps {
  keys: Pick<KeyStore, 'verify'>
  /** No key is configured: everyone may do everything, from this machine only. */
  open: boolean
}

/** Adds the hook to `app` itself: register it before any route. */
export function addAuthentication(
  app: FastifyInstance,
  deps: AuthenticationDeps,
  countWrongKey: CountWrongKey,
): void {
  app.decorateRequest('caller', null)
  app.addHook('onRoute', requireScope)
  app.addHook('onRequest', async (request) => {
    const route = request.routeOptions.url
    if (route !== undefined && OPEN_ROUTES.has(route)) return
    if (deps.open) requireLocalRequest(request)
    request.caller = deps.open ? EVERYONE : await callerOf(request, deps.keys, countWrongKey)
    const scope = request.is404 ? undefined : scopeOf(route, request.routeOptions.config.scope)
    if (scope !== undefined && !allows(request.caller, scope)) throw forbidden(request.caller, scope)
  })
}

/** Whether the key that opened a long-lived answer is still good. */
export async function isStillAllowed(request: FastifyRequest, deps: AuthenticationDeps): Promise<boolean> {
  if (deps.open) return true
  const verdict = await deps.keys.verify(secretOf(request) ?? '')
  return 'caller' in verdict && allows(verdict.caller, 'read')
}

function requireScope(route: RouteOptions): void {
  if (OPEN_ROUTES.has(route.url) || scopeOf(route.url, route.config?.scope) !== undefined) return
  throw new Error(`The route ${String(route.method)} ${route.url} does not say which scope it needs.`)
}

function scopeOf(url: string | undefined, declared: Scope | undefined): Scope | undefined {
  return declared ?? (url === DOCS || url?.startsWith(`${DOCS}/`) ? 'read' : undefined)
}

async function callerOf(
  request: FastifyRequest,
  keys: AuthenticationDeps['keys'],
  countWrongKey: CountWrongKey,
): Promise<Caller> {
  const secret = secretOf(request)
  if (secret === undefined) {
    throw unauthorized('no_key', 'Send an API key, as Authorization: Bearer <key> or X-API-Key.')
  }
  const verdict = await keys.verify(secret)
  if ('caller' in verdict) return verdict.caller
  await countWrongKey(request)
  throw unauthorized(`key_${verdict.refused}`, REFUSALS[verdict.refused])
}

const REFUSALS = {
  unknown: 'This API key is not known here.',
  expired: 'This API key has expired: ask for a new one.',
  revoked: 'This API key was revoked: ask for a new one.',
} as const

function secretOf(request: FastifyRequest): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
  const header = request.headers['x-api-key']
  return bearer ?? (typeof header === 'string' && header !== '' ? header : undefined)
}

function allows(caller: Caller, scope: Scope): boolean {
  return caller.scopes.includes(scope) || caller.scopes.includes('admin')
}

function unauthorized(code: string, detail: string): HttpProblem {
  const challenge =
    code === 'no_key' ? 'Bearer realm="prefect"' : 'Bearer realm="prefect", error="invalid_token"'
  return new HttpProblem(401, code, detail, { headers: { 'www-authenticate': challenge } })
}

function forbidden(caller: Caller, scope: Scope): HttpProblem {
  const has = caller.scopes.join(', ') || 'none'
  const detail = `This needs a key with the scope ${scope}; the key "${caller.name}" has: ${has}.`
  return new HttpProblem(403, 'scope_missing', detail)
}
