import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../src/platform/postgres/pool.ts'

/**
 * Notices completed runs, the same way for every program under test: one query at a time looks up the runs that somebody
 * waits for, by their keys. What that costs does not grow with a program's speed; `measureBurst` measures it.
 */
export class Completions {
  readonly #database: Database
  readonly #waiting = new Map<string, () => void>()
  readonly #every: number
  #stopped = false
  #loop: Promise<void>

  constructor(database: Database, everyMs = 20) {
    this.#database = database
    this.#every = everyMs
    this.#loop = this.#watch()
  }

  of(runId: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(runId, resolve))
  }

  async close(): Promise<void> {
    this.#stopped = true
    await this.#loop
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      const rows = await this.#database.query<{ id: string }>(
        `select workflow_uuid as id from dbos.workflow_status
         where workflow_uuid = any($1) and completed_at is not null`,
        [[...this.#waiting.keys()]],
      )
      for (const { id } of rows) {
        this.#waiting.get(id)?.()
        this.#waiting.delete(id)
      }
      await delay(this.#every)
    }
  }
}

const LONGEST_MS = 300_000

/**
 * Milliseconds since 1970 at which each of the runs completed, by run. Waits until all have, with a count now and then;
 * rejects when they do not.
 */
export async function completionTimes(
  database: Database,
  runIds: readonly string[],
  since: number,
): Promise<Map<string, number>> {
  for (const end = performance.now() + LONGEST_MS; ; await delay(250)) {
    const text = 'select count(*)::int as done from dbos.workflow_status where completed_at >= $1'
    const [row] = await database.query<{ done: number }>(text, [since])
    if ((row?.done ?? 0) >= runIds.length) break
    if (performance.now() > end) throw new Error(`${row?.done} of ${runIds.length} runs completed.`)
  }
  const rows = await database.query<{ id: string; at: string }>(
    `select workflow_uuid as id, completed_at as at from dbos.workflow_status
     where workflow_uuid = any($1) and completed_at is not null`,
    [runIds],
  )
  return new Map(rows.map(({ id, at }) => [id, Number(at)]))
}
