/** Speaks HTTP to a running service. */
import { BASE } from '../platform/contract/api.ts'
import { CommandError, reasonOf } from './command-error.ts'

const PATIENCE_MS = 30_000

export type Query = Record<string, string | undefined>

/** The address of one schedule. */
export const scheduleAt = (id: string) => `schedule/${encodeURIComponent(id)}`

export interface ServiceClient {
  /** The answer's JSON; `Body` is what the contract says of it. Throws CommandError. */
  get<Body>(path: string, query?: Query): Promise<Body>
  post<Body>(
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Body }>
  delete<Body>(path: string, query?: Query): Promise<Body>
}

/** The service at PREFECT_SERVICE_URL (default http://127.0.0.1:8004), asked with the key in PREFECT_SERVICE_KEY. */
export function createServiceClient(environment: NodeJS.ProcessEnv): ServiceClient {
  const base = baseOf(environment.PREFECT_SERVICE_URL || 'http://127.0.0.1:8004')
  const key = environment.PREFECT_SERVICE_KEY
  if (key && /[^\x21-\x7e]/.test(key))
    throw new CommandError('PREFECT_SERVICE_KEY holds characters that no key has.')

  async function ask<Body>(
    method: string,
    path: string,
    query: Query,
    body?: unknown,
    headers: Record<string, string> = {},
  ) {
    const url = new URL(`${base}${BASE}/${path}`)
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, value)
    const init: RequestInit = {
      method,
      headers: { ...headersOf(key, body), ...headers },
      signal: AbortSignal.timeout(PATIENCE_MS),
    }
    if (body !== undefined) init.body = JSON.stringify(body)
    const { answer, text } = await send(url, init).catch((error: unknown) => {
      throw unreachable(base, error)
    })
    const json = parse(text)
    if (json === undefined) throw strange(base, answer)
    if (!answer.ok) throw refused(answer.status, json, key)
    return { status: answer.status, body: json as Body }
  }
  return {
    get: async (path, query = {}) => (await ask<never>('GET', path, query)).body,
    post: (path, body, headers) => ask('POST', path, {}, body, headers),
    delete: async (path, query = {}) => (await ask<never>('DELETE', path, query)).body,
  }
}

async function send(url: URL, init: RequestInit): Promise<{ answer: Response; text: string }> {
  const answer = await fetch(url, init)
  return { answer, text: await answer.text() }
}

function baseOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '') {
    throw new CommandError(
      'PREFECT_SERVICE_URL must be a URL like http://127.0.0.1:8004, without user or password.',
    )
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

function headersOf(key: string | undefined, body: unknown): Record<string, string> {
  return {
    accept: 'application/json',
    ...(key ? { authorization: `Bearer ${key}` } : {}),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
}

function unreachable(base: string, error: unknown): CommandError {
  const slow = (error as { name?: unknown }).name === 'TimeoutError'
  const why = slow ? `no answer within ${PATIENCE_MS / 1000} s` : reasonOf(error)
  return new CommandError(
    `No service was reached at ${base} (${why}). Start it with "prefect-service start", or set PREFECT_SERVICE_URL to where it runs.`,
  )
}

function strange(base: string, answer: Response): CommandError {
  return new CommandError(
    `What answers at ${base} is not this service (status ${answer.status}, not JSON): check PREFECT_SERVICE_URL.`,
  )
}

/** Whether the service refused because of what the key may do. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Refused && error.status === 403
}

class Refused extends CommandError {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The problem's own sentence, then every wrong field. */
function refused(status: number, json: unknown, key: string | undefined): CommandError {
  const { detail, errors } = (json ?? {}) as { detail?: unknown; errors?: unknown }
  const lines = [typeof detail === 'string' ? detail : `The service answered with status ${status}.`]
  if (status === 401 || status === 403) {
    lines.push(
      `  ${key ? 'PREFECT_SERVICE_KEY holds' : 'Set PREFECT_SERVICE_KEY to'} the key; "prefect-service keys create" makes one.`,
    )
  }
  for (const wrong of Array.isArray(errors) ? errors : []) {
    lines.push(`  ${String(wrong?.path)}: ${String(wrong?.message)}`)
  }
  return new Refused(status, lines.join('\n'))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
