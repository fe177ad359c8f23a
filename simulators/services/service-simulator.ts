/** The ground every simulated HTTP service stands on: it can be told to be slow, to hang, to fail, to limit its rate. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** `hang`: takes the request and never answers. `slow`: answers after `delayMs`. */
export type Mode = 'ok' | 'slow' | 'hang' | 'error' | 'rate_limited' | 'unauthorized' | 'garbled'

export interface Behaviour {
  delayMs?: number
  retryAfterSeconds?: number
  /** Of `error`. Default 503. */
  status?: number
}

export interface SimulatedRequest {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  /** As sent. */
  text: string
  json(): unknown
  form(): URLSearchParams
}

export interface SimulatedAnswer {
  status?: number
  body?: unknown
  headers?: Record<string, string>
}

export interface ServiceSimulator {
  /** Base URL, without a slash at the end. */
  readonly url: string
  /** Every request that came in, oldest first, refused ones included. */
  readonly requests: readonly SimulatedRequest[]
  behave(mode: Mode, options?: Behaviour): void
  /** Called before a request is handled and after it, before its answer goes out: a test may kill the caller here. */
  watch(
    watcher: ((phase: 'before' | 'after', request: SimulatedRequest) => void | Promise<void>) | undefined,
  ): void
  close(): Promise<void>
}

export interface SimulatorOptions {
  /** Default 0: a free one. */
  port?: number | undefined
  handle(request: SimulatedRequest): SimulatedAnswer | Promise<SimulatedAnswer>
}

export async function startServiceSimulator({
  port = 0,
  handle,
}: SimulatorOptions): Promise<ServiceSimulator> {
  const requests: SimulatedRequest[] = []
  let mode: Mode = 'ok'
  let behaviour: Behaviour = {}
  let watcher: Parameters<ServiceSimulator['watch']>[0]
  const closing = new AbortController()

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(incoming)
    requests.push(request)
    const told = asTold(mode, behaviour)
    if (mode === 'hang') return
    if (mode === 'slow') await delay(behaviour.delayMs ?? 30_000, undefined, { signal: closing.signal })
    await watcher?.('before', request)
    const settled = told ?? (await handle(request))
    await watcher?.('after', request)
    send(response, settled)
  }

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(port, '127.0.0.1', resolve),
  )
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    behave(next, options = {}) {
      mode = next
      behaviour = options
    },
    watch(next) {
      watcher = next
    },
    async close() {
      closing.abort()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

/** What is answered whatever the request says. */
function asTold(mode: Mode, { status = 503, retryAfterSeconds = 1 }: Behaviour): SimulatedAnswer | undefined {
  if (mode === 'error') return { status, body: { error: 'simulated failure' } }
  if (mode === 'unauthorized') return { status: 401, body: { error: 'unauthorized' } }
  if (mode === 'garbled')
    return { body: '<html>Bad gateway</html>', headers: { 'content-type': 'text/html' } }
  if (mode !== 'rate_limited') return undefined
  return {
    status: 429,
    body: { error: 'too many requests' },
    headers: { 'retry-after': String(retryAfterSeconds) },
  }
}

async function readRequest(incoming: IncomingMessage): Promise<SimulatedRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  const url = new URL(incoming.url ?? '/', 'http://simulator')
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    text,
    json: () => JSON.parse(text),
    form: () => new URLSearchParams(text),
  }
}

function send(response: ServerResponse, { status = 200, body, headers }: SimulatedAnswer): void {
  if (response.destroyed) return
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? {})
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
  response.end(text)
}
