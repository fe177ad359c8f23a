import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SimulatedMessage {
  channel: string
  text: string
  ts: string
}

export type SlackMode = 'ok' | 'slow' | 'error' | 'rate_limited' | 'invalid_auth'

export interface SlackBehaviour {
  /** Of `slow`: how long an answer takes. Default 30,000. */
  delayMs?: number
  /** Of `rate_limited`: what Retry-After says. Default 1. */
  retryAfterSeconds?: number
}

export interface SlackSimulator {
  /** To be given as the Web API's base URL. */
  url: string
  /** What was accepted, oldest first. */
  messages: SimulatedMessage[]
  /** How many requests came in, refused ones included. */
  calls(): number
  behave(mode: SlackMode, options?: SlackBehaviour): void
  close(): Promise<void>
}

interface Reply {
  status: number
  body: Record<string, unknown>
  headers?: Record<string, string>
}

/** An HTTP server that answers `chat.postMessage` as Slack does. Port 0 (the default) takes a free one. */
export async function startSlackSimulator({ port = 0 }: { port?: number } = {}): Promise<SlackSimulator> {
  const messages: SimulatedMessage[] = []
  let mode: SlackMode = 'ok'
  let behaviour: SlackBehaviour = {}
  let calls = 0
  const waiting = new Set<NodeJS.Timeout>()

  const accept = (message: Record<string, string>): Reply => {
    const refusal = refusalOf(message)
    if (refusal) return refused(refusal)
    const { channel = '', text = '' } = message
    const ts = `${Math.floor(Date.now() / 1000)}.${String(messages.length + 1).padStart(6, '0')}`
    messages.push({ channel, text, ts })
    return { status: 200, body: { ok: true, channel, ts, message: { type: 'message', text, ts } } }
  }

  const server = createServer((request, response) => {
    calls++
    readFields(request)
      .then((fields) => {
        const settled = answerAsTold(request, mode, behaviour)
        if (settled) return send(response, settled)
        if (mode !== 'slow') return send(response, accept(fields))
        const timer = setTimeout(() => {
          waiting.delete(timer)
          send(response, accept(fields))
        }, behaviour.delayMs ?? 30_000)
        waiting.add(timer)
      })
      .catch(() => send(response, refused('invalid_form_data')))
  })
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(port, '127.0.0.1', resolve),
  )

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`,
    messages,
    calls: () => calls,
    behave(next, options = {}) {
      mode = next
      behaviour = options
    },
    async close() {
      for (const timer of waiting) clearTimeout(timer)
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

/** What is answered whatever the message says. */
function answerAsTold(
  request: IncomingMessage,
  mode: SlackMode,
  behaviour: SlackBehaviour,
): Reply | undefined {
  if (request.method !== 'POST' || request.url !== '/api/chat.postMessage') return refused('unknown_method')
  if (mode === 'error') return { status: 500, body: { ok: false, error: 'internal_error' } }
  if (mode === 'rate_limited') {
    const headers = { 'retry-after': String(behaviour.retryAfterSeconds ?? 1) }
    return { status: 429, body: { ok: false, error: 'ratelimited' }, headers }
  }
  const authorization = request.headers.authorization
  if (!authorization) return refused('not_authed')
  if (mode === 'invalid_auth' || !/^Bearer xox[bp]-/.test(authorization)) return refused('invalid_auth')
  return undefined
}

function refusalOf({ channel = '', text = '' }: Record<string, string>): string | undefined {
  if (!/^[#CDGUW]\w+/.test(channel)) return 'channel_not_found'
  if (text === '') return 'no_text'
  return text.length > 40_000 ? 'msg_too_long' : undefined
}

/** Slack's own refusals come with status 200. */
function refused(error: string): Reply {
  return { status: 200, body: { ok: false, error } }
}

function send(response: ServerResponse, { status, body, headers }: Reply): void {
  if (response.destroyed) return
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
  response.end(JSON.stringify(body))
}

/** The fields of a form or a JSON body; Slack takes both. */
async function readFields(request: IncomingMessage): Promise<Record<string, string>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  const isJson = request.headers['content-type']?.startsWith('application/json')
  return isJson ? (JSON.parse(text) as Record<string, string>) : Object.fromEntries(new URLSearchParams(text))
}
