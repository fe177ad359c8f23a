/** How long a client may hold a connection, and how many: decision 0018. */
import type { IncomingMessage, ServerOptions } from 'node:http'
import { type Server, Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from '../../observability/logger.ts'
import { onceAMinute } from '../../observability/once-a-minute.ts'
import { addressGroup, isAmong } from '../caller-address.ts'
import { HttpProblem, PROBLEM_TYPE } from '../problem.ts'

export interface ConnectionSettings {
  /** A request has arrived in whole by then; all other times follow from it. */
  requestTimeoutSeconds: number
  /** Open at the same time. Trusted proxies and this machine's own are not counted. */
  connectionsPerAddress: number
  /** Addresses and networks of proxies, whose X-Forwarded-For is believed. */
  trustProxy: readonly string[]
}

const LOOPBACK = ['127.0.0.0/8', '::1']

interface ConnectionLimits {
  /** For the server's constructor. */
  options: {
    requestTimeout: number
    http: ServerOptions
    trustProxy: string[] | false
    clientErrorHandler(error: Error & { code?: string }, socket: Socket): void
  }
  /** Call before any route. */
  add(app: FastifyInstance): void
}

/** Bounds what a client may leave open. */
export function connectionLimits(settings: ConnectionSettings, logger: Logger): ConnectionLimits {
  const { requestTimeoutSeconds, connectionsPerAddress: most, trustProxy } = settings
  const requestTimeout = requestTimeoutSeconds * 1000
  /** Answered, and still sending. */
  const unread = new Set<Socket>()
  return {
    options: {
      requestTimeout,
      // The server is made with these, and compares them with each other.
      http: {
        requestTimeout,
        headersTimeout: requestTimeout / 4,
        connectionsCheckingInterval: Math.round(requestTimeout / 12),
      },
      trustProxy: trustProxy.length > 0 ? [...trustProxy] : false,
      clientErrorHandler: (error, socket) =>
        unread.has(socket) ? void socket.destroy() : answerBrokenRequest(error, socket),
    },
    add(app) {
      limitConnections(app.server, { most, isExempt: isAmong([...LOOPBACK, ...trustProxy]), logger })
      app.addHook('onResponse', (request, _reply, done) => {
        const { raw } = request
        // An injected request has no socket of its own.
        const isOpen = raw.socket instanceof Socket && !raw.socket.destroyed
        if (isOpen && !raw.complete) dropRest(raw, requestTimeout, unread)
        done()
      })
      // A server that closes waits for its connections to end.
      app.addHook('preClose', async () => {
        for (const socket of unread) socket.destroy()
      })
    },
  }
}

/**
 * Most senders read no answer before they have written their last byte, and hung up on they would see a broken
 * connection instead of it. So what is left of a body that nobody wants is read and dropped, for as long as half a
 * request may take, unless nothing comes for a twelfth.
 */
function dropRest(message: IncomingMessage, requestMs: number, unread: Set<Socket>): void {
  const { socket } = message
  const until = performance.now() + requestMs / 2
  let received = socket.bytesRead
  const look = setInterval(() => {
    if (performance.now() >= until || socket.bytesRead === received) socket.destroy()
    received = socket.bytesRead
  }, requestMs / 12)
  const forget = () => {
    clearInterval(look)
    unread.delete(socket)
    socket.off('close', forget)
  }
  unread.add(socket)
  socket.once('close', forget)
  message.once('end', forget)
}

/** Refuses an address more connections than `most` at a time, on the bare socket, before a request is read. */
export function limitConnections(
  server: Server,
  { most, isExempt, logger }: { most: number; isExempt: (address: string) => boolean; logger: Logger },
): void {
  const open = new Map<string, number>()
  const report = onceAMinute((address: string) =>
    logger.info({ address, most }, 'connections refused: one address has too many open'),
  )
  server.prependListener('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? ''
    if (isExempt(address)) return
    const group = addressGroup(address)
    const count = (open.get(group) ?? 0) + 1
    open.set(group, count)
    socket.once('close', () => {
      const left = (open.get(group) ?? 1) - 1
      if (left > 0) open.set(group, left)
      else open.delete(group)
    })
    if (count <= most) return
    answerAndClose(socket, new HttpProblem(429, 'too_many_connections', TOO_MANY, RETRY))
    socket.destroySoon()
    report(group)
  })
}

const TOO_MANY = 'Your address has too many connections open: close some, or use them again.'
const RETRY = { headers: { 'retry-after': '5' } }

/** What is not even HTTP never reaches a route: answered by hand, on the bare socket. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy()
  const [status, detail] = BROKEN[error.code ?? ''] ?? [400, 'This is not a valid HTTP request.']
  answerAndClose(socket, new HttpProblem(status, 'bad_request', detail))
  // Whoever goes on writing regardless would hold the connection.
  const cut = setTimeout(() => socket.destroy(), LAST_WORD_MS).unref()
  socket.once('close', () => clearTimeout(cut))
}

const LAST_WORD_MS = 2_000

function answerAndClose(socket: Socket, problem: HttpProblem): void {
  const body = JSON.stringify(problem.toBody())
  const head = [
    `HTTP/1.1 ${problem.statusCode} ${problem.toBody().title}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(problem.headers).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

const BROKEN: Record<string, [status: number, detail: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
}
