/** A real HTTP server that keeps what it is sent, unpacked: stands where telemetry is delivered. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

export interface Receiver {
  /** Without a slash at the end. */
  readonly url: string
  /** Oldest first, refused ones included. */
  readonly received: readonly { path: string; text: string }[]
  /** Answers so from now on. First 200. */
  answer(status: number): void
  close(): Promise<void>
}

export async function openReceiver(): Promise<Receiver> {
  const received: { path: string; text: string }[] = []
  let status = 200
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
    received.push({ path: request.url ?? '', text: text.toString('utf8') })
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer(next) {
      status = next
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}
