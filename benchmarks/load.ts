import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { EventName } from '../src/hotel/event-kinds.ts'
import { BASE } from '../src/platform/contract/api.ts'
import type { Database } from '../src/platform/postgres/pool.ts'
import { Completions, completionTimes } from './completions.ts'

/** One employee's check-in a day, every tenth late, ever further back; no two events alike. */
export function attendanceEvent(n: number) {
  const employee = `EMP${String((n % 60) + 1).padStart(3, '0')}`
  const day = new Date(Date.UTC(2025, 0, 6) - Math.floor(n / 60) * 86_400_000)
  const late = n % 10 === 0
  day.setUTCHours(late ? 3 : 0, 30, n % 60)
  return {
    employee_id: employee,
    timestamp: day.toISOString(),
    action: 'check_in',
    camera_id: 'cam_staff_01',
    confidence: 0.98,
    metadata: { face_quality: 0.95, liveness_check: true },
  }
}

/** What an event is answered: the id of its run, or its runs where there may be several. */
export interface Accepted {
  event_id: string
  flow_run_id: string
  workflows_triggered: { workflow: string; flow_run_id: string }[]
}

/** Posts events over kept connections. */
export class Poster {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 128 })
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  post(kind: EventName, event: object, key: string): Promise<Accepted> {
    const body = JSON.stringify(event)
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'idempotency-key': key,
    }
    const url = new URL(`${BASE}/events/${kind}`, this.#url)
    return new Promise((resolve, reject) => {
      const sent = request(url, { method: 'POST', agent: this.#agent, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          if (response.statusCode === 202) resolve(JSON.parse(text))
          else reject(new Error(`${response.statusCode}: ${text}`))
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** Posts the `n`-th event, and resolves when all that it starts has completed. */
export type Work = (tools: { poster: Poster; completions: Completions }, n: number) => Promise<void>

export const attendance: Work = async ({ poster, completions }, n) => {
  const { flow_run_id } = await poster.post('attendance', attendanceEvent(n), `bench-${n}`)
  await completions.of(flow_run_id)
}

/** `lanes` at a time, each going on when its last event is done with. Answers events per second. */
export async function closedLoop(
  url: string,
  database: Database,
  { work = attendance, ...options }: { lanes: number; seconds: number; from: number; work?: Work },
): Promise<number> {
  const poster = new Poster(url)
  const completions = new Completions(database)
  const end = performance.now() + options.seconds * 1000
  const started = performance.now()
  let next = options.from
  let done = 0
  const lane = async () => {
    while (performance.now() < end) {
      await work({ poster, completions }, next++)
      done += 1
    }
  }
  try {
    await Promise.all(Array.from({ length: options.lanes }, lane))
    return done / ((performance.now() - started) / 1000)
  } finally {
    await completions.close()
    poster.close()
  }
}

/** A steady stream, whatever the answers: milliseconds from each request to its end, shortest first. */
export async function openLoop(
  options: { perSecond: number; seconds: number; from: number },
  work: (n: number) => Promise<void>,
): Promise<number[]> {
  const total = options.perSecond * options.seconds
  const runs = Array.from({ length: total }, async (_, i) => {
    await delay((i * 1000) / options.perSecond)
    const sent = performance.now()
    await work(options.from + i)
    return performance.now() - sent
  })
  const latencies = await Promise.all(runs)
  return latencies.sort((a, b) => a - b)
}

/** From the request for a punch to its completed run, by the rows' own times; nobody watches meanwhile. */
export async function attendanceLatencies(
  url: string,
  database: Database,
  options: { perSecond: number; seconds: number; from: number },
): Promise<number[]> {
  const poster = new Poster(url)
  const sent = new Map<string, number>()
  const started = Date.now()
  try {
    await openLoop(options, async (n) => {
      const at = Date.now()
      const { flow_run_id } = await poster.post('attendance', attendanceEvent(n), `bench-${n}`)
      sent.set(flow_run_id, at)
    })
    const completed = await completionTimes(database, [...sent.keys()], started)
    return [...sent].map(([run, at]) => (completed.get(run) ?? Number.NaN) - at).sort((a, b) => a - b)
  } finally {
    poster.close()
  }
}

export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0
}
