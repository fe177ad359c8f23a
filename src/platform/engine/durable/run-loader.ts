import type { Sql } from '../../postgres/sql.ts'
import { loadMemories, type RunMemory } from './checkpoints.ts'

/** Runs claimed together start together: what they remember is read in one query for all that ask in one turn. */
export class RunLoader {
  readonly #sql: Sql
  #asking: { runId: string; resolve: (memory: RunMemory) => void; reject: (error: unknown) => void }[] = []

  constructor(sql: Sql) {
    this.#sql = sql
  }

  load(runId: string): Promise<RunMemory> {
    return new Promise((resolve, reject) => {
      if (this.#asking.push({ runId, resolve, reject }) === 1) setImmediate(() => void this.#ask())
    })
  }

  async #ask(): Promise<void> {
    const asking = this.#asking
    this.#asking = []
    try {
      const memories = await loadMemories(this.#sql, [...new Set(asking.map(({ runId }) => runId))])
      for (const { runId, resolve } of asking) resolve(memories.get(runId) ?? unknownRun())
    } catch (error) {
      for (const { reject } of asking) reject(error)
    }
  }
}

/** Started by hand on the engine's own tables: it runs, and remembers from here on. */
function unknownRun(): RunMemory {
  const nothing = { waited: 0, scheduled: false, resumed: true, steps: new Map(), attempts: [] }
  return {
    eventId: undefined,
    parentRunId: undefined,
    traceparent: undefined,
    generation: 0,
    redoneFrom: [],
    queue: undefined,
    cancelRequested: false,
    ...nothing,
  }
}
