/** What the tests of the running service say to it, over real HTTP. */
import { request } from 'node:http'
import { eventually } from './eventually.ts'

export const BASE = '/api/v1/prefect'

export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the shape it asks for
  body: any
}

/** JSON there and back; a string or Buffer goes out as it is. `path` starts below the service's base path. */
export async function call(
  service: { url: string },
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const raw = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
  const answer = await fetch(`${service.url}${BASE}/${path}`, {
    method,
    headers: { ...(raw === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(raw === undefined ? {} : { body: raw }),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) }
}

/** The run as `workflows/status` tells it, once it has ended. */
export async function endedRun(service: { url: string }, runId: string): Promise<Answer['body']> {
  return eventually(`${runId} to end`, async () => {
    const { body } = await call(service, 'GET', `workflows/status/${runId}`)
    return ['completed', 'failed', 'cancelled', 'crashed'].includes(body.status) && body
  })
}

/**
 * Declares `bytes` bytes of JSON and begins to send them; goes on only when no answer comes, since whoever is still
 * writing when the service hangs up may see that instead of the answer. Resolves with the status.
 */
export function statusOfLargeBody(service: { url: string }, path: string, bytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': String(bytes) }
    const sending = request(`${service.url}${BASE}/${path}`, { method: 'POST', headers }, (answer) => {
      clearTimeout(rest)
      resolve(answer.statusCode ?? 0)
      answer.resume()
      sending.destroy()
    })
    sending.on('error', reject)
    sending.write('{"x":"')
    const rest = setTimeout(() => sending.end(`${'x'.repeat(bytes - 8)}"}`), 2_000)
  })
}

export interface StreamMessage {
  event: string
  body: Answer['body']
}

/** Reads server-sent events until `wanted` says yes; resolves with that message. `started` is called when it listens. */
export async function readStream(
  service: { url: string },
  started: () => Promise<unknown>,
  wanted: (message: StreamMessage) => boolean,
): Promise<StreamMessage> {
  const answer = await fetch(`${service.url}${BASE}/stream`, { signal: AbortSignal.timeout(30_000) })
  if (!answer.ok || answer.body === null) throw new Error(`The stream answered ${answer.status}.`)
  await started()
  let text = ''
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const message = messageOf(block)
      if (message && wanted(message)) return message
    }
  }
  throw new Error('The stream ended.')
}

function messageOf(block: string): StreamMessage | undefined {
  const [, event] = /^event: (.+)$/m.exec(block) ?? []
  const [, data] = /^data: (.+)$/m.exec(block) ?? []
  return event === undefined || data === undefined ? undefined : { event, body: JSON.parse(data) }
}
