import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../src/db/pool.ts'

/** One employee's check-in a day, every tenth late; no two events alike. */
export function attendanceEvent(n: number) {
  const employee = `EMP${String((n % 60) + 1).padStart(3, '0')}`
  const day = new Date(Date.UTC(2025, 0, 6) + Math.floor(n / 60) * 86_400_000)
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

/** Posts events over kept connections. */
export class Poster {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 128 })
  readonly #url: URL

  constructor(url: string) {
    this.#url = new URL('/api/v1/prefect/events/attendance', url)
  }

  /** Answers the id of the run that was started. */
  post(n: number, key: string): Promise<string> {
    const body = JSON.stringify(attendanceEvent(n))
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'idempotency-key': key,
    }
    return new Promise((resolve, reject) => {
      const sent = request(this.#url, { method: 'POST', agent: this.#agent, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          if (response.statusCode === 202) resolve(JSON.parse(text).flow_run_id)
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

/** `lanes` at a time, each posting its next event when its last run has completed. Answers runs per second. */
export async function closedLoop(
  url: string,
  database: Database,
  options: { lanes: number; seconds: number; from: number },
): Promise<number> {
  const poster = new Poster(url)
  const completions = new Completions(database, 10)
  const end = performance.now() + options.seconds * 1000
  const started = performance.now()
  let next = options.from
  let done = 0
  const lane = async () => {
    while (performance.now() < end) {
      const n = next++
      await completions.of(await poster.post(n, `bench-${n}`))
      done += 1
    }
  }
  await Promise.all(Array.from({ length: options.lanes }, lane))
  const seconds = (performance.now() - started) / 1000
  await completions.close()
  poster.close()
  return done / seconds
}

/** A steady stream, whatever the answers: milliseconds from request to completed run. */
export async function openLoop(
  url: string,
  database: Database,
  options: { perSecond: number; seconds: number; from: number },
): Promise<number[]> {
  const poster = new Poster(url)
  const completions = new Completions(database, 5)
  const total = options.perSecond * options.seconds
  const runs = Array.from({ length: total }, async (_, i) => {
    await delay((i * 1000) / options.perSecond)
    const sent = performance.now()
    await completions.of(await poster.post(options.from + i, `bench-${options.from + i}`))
    return performance.now() - sent
  })
  const latencies = await Promise.all(runs)
  await completions.close()
  poster.close()
  return latencies.sort((a, b) => a - b)
}

export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0
}
