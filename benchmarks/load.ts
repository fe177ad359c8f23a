import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { EventName } from '../src/hotel/event-kinds.ts'
import { BASE } from '../src/platform/contract/api.ts'
import type { Database } from '../src/platform/postgres/pool.ts'

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

/** Notices completed runs with one small query at a time, the same for every program under test. */
export class Completions {
  readonly #database: Database
  readonly #waiting = new Map<string, () => void>()
  readonly #early = new Set<string>()
  readonly #every: number
  #since = 0
  #stopped = false
  #loop: Promise<void>

  constructor(database: Database, everyMs: number) {
    this.#database = database
    this.#every = everyMs
    this.#loop = this.#watch()
  }

  of(runId: string): Promise<void> {
    if (this.#early.delete(runId)) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.set(runId, resolve))
  }

  async close(): Promise<void> {
    this.#stopped = true
    await this.#loop
  }

  async #watch(): Promise<void> {
    const seen = new Set<string>()
    while (!this.#stopped) {
      const rows = await this.#database.query<{ id: string; at: string }>(
        `select workflow_uuid as id, completed_at as at from dbos.workflow_status where completed_at >= $1`,
        [this.#since],
      )
      for (const { id, at } of rows) {
        // A commit may become visible after a later one: look back a little.
        this.#since = Math.max(this.#since, Number(at) - 500)
        if (seen.has(id)) continue
        seen.add(id)
        const tell = this.#waiting.get(id)
        if (tell) tell()
        else this.#early.add(id)
        this.#waiting.delete(id)
      }
      await delay(this.#every)
    }
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
  const completions = new Completions(database, 10)
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

/** From the request for a punch to its completed run. */
export async function attendanceLatencies(
  url: string,
  database: Database,
  options: { perSecond: number; seconds: number; from: number },
): Promise<number[]> {
  const poster = new Poster(url)
  const completions = new Completions(database, 5)
  try {
    return await openLoop(options, (n) => attendance({ poster, completions }, n))
  } finally {
    await completions.close()
    poster.close()
  }
}

export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0
}
