import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { BASE } from '../../contract/api.ts'
import type { Logger } from '../../observability/logger.ts'
import type { Sql } from '../../postgres/sql.ts'
import type { Change } from '../../runs/changes.ts'
import { type ChangeFeed, createChangeFeed } from '../change-feed.ts'
import { answer, problems } from '../documented-answers.ts'
import { type AuthenticationDeps, isStillAllowed } from '../plugins/auth.ts'
import { HttpProblem } from '../problem.ts'

const MOST_STREAMS = 100
const HEARTBEAT_MS = 15_000
const RECHECK_MS = 5_000
/** A reader further behind than this is cut off; it comes back with Last-Event-ID and misses nothing. */
const MOST_UNREAD_BYTES = 1_000_000

/** The keys are asked again while a stream is open. */
export interface StreamDeps extends AuthenticationDeps {
  database: Sql
  logger: Logger
}

/**
 * `GET stream`: server-sent events `run` and `event`, each with the whole summary as it is now. Told at least once;
 * under a burst of more than 500 changes a second only the newest are. `id` is a time to resume from.
 */
export function addStreamRoute(app: FastifyInstance, deps: StreamDeps): void {
  const feed = createChangeFeed(deps.database, deps.logger)
  const streams = new Set<() => void>()
  // A server that closes waits for its answers to end, and these never would.
  app.addHook('preClose', async () => {
    feed.close()
    for (const end of [...streams]) end()
  })
  app.get(
    `${BASE}/stream`,
    {
      config: { scope: 'read' },
      exposeHeadRoute: false,
      schema: {
        operationId: 'streamChanges',
        summary: 'Run and event changes as server-sent events',
        tags: ['Stream'],
        headers: z.object({
          'last-event-id': z.string().optional().meta({ description: 'Resume: the id last seen' }),
        }),
        response: {
          200: answer(z.string(), 'event: run | event, data: the summary', 'text/event-stream'),
          ...problems(),
        },
      },
    },
    async (request, reply) => {
      if (streams.size >= MOST_STREAMS) {
        const detail = `This process has ${MOST_STREAMS} open streams already: try again later.`
        throw new HttpProblem(503, 'too_many_streams', detail, { headers: { 'retry-after': '10' } })
      }
      await openStream(deps, feed, streams, request, reply)
    },
  )
}

async function openStream(
  deps: AuthenticationDeps,
  feed: ChangeFeed,
  streams: Set<() => void>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const resume = resumeFrom(request)
  const early: Change[] = []
  let tell = (changes: readonly Change[]): void => void early.push(...changes)
  // What can fail comes first, while it can still be answered with a problem.
  const stop = await feed.listen((changes) => tell(changes))
  if (resume !== undefined) early.push(...(await feed.since(resume).catch(stopAndThrow(stop))))

  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, {
    ...withoutUndefined(reply.getHeaders()),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Kept for another request it would hold up a server that closes.
    connection: 'close',
    'x-accel-buffering': 'no',
  })
  const write = writer(raw)
  write('retry: 2000\n\n')
  let cursor = resume ?? 0
  tell = (changes) => {
    for (const change of changes) {
      cursor = Math.max(cursor, change.at)
      write(`id: ${cursor}\nevent: ${change.kind}\ndata: ${JSON.stringify(change.data)}\n\n`)
    }
  }
  tell(early)

  const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS)
  const recheck = setInterval(() => void endUnlessAllowed(deps, request, end), RECHECK_MS)
  const end = (): void => void raw.end()
  streams.add(end)
  raw.on('close', () => {
    clearInterval(heartbeat)
    clearInterval(recheck)
    streams.delete(end)
    stop()
  })
}

function writer(raw: ServerResponse): (text: string) => void {
  return (text) => {
    if (raw.destroyed || raw.writableEnded) return
    if (raw.writableLength > MOST_UNREAD_BYTES) raw.destroy()
    else raw.write(text)
  }
}

/** A database that is away at the moment ends no stream; a key that was revoked or has expired does. */
async function endUnlessAllowed(
  deps: AuthenticationDeps,
  request: FastifyRequest,
  end: () => void,
): Promise<void> {
  const allowed = await isStillAllowed(request, deps).catch(() => true)
  if (!allowed) end()
}

function stopAndThrow(stop: () => void) {
  return (error: unknown): never => {
    stop()
    throw error
  }
}

/** Epoch milliseconds; undefined: from now on. */
function resumeFrom(request: FastifyRequest): number | undefined {
  const id = request.headers['last-event-id']
  return typeof id === 'string' && /^\d{1,15}$/.test(id) ? Number(id) : undefined
}

function withoutUndefined(headers: ReturnType<FastifyReply['getHeaders']>): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))
}
