import type { AnyFlow } from '../engine/flow.ts'
import type { Sql } from '../postgres/sql.ts'
import { medianMinutes } from '../runs/runs.ts'

const REMEMBER_MS = 30_000

/** Minutes a run of the flow will take: the median of its last 50 completed runs, else the flow's own estimate. */
export type Estimates = (flow: AnyFlow) => Promise<number>

/** Remembers each median for 30 seconds; rejects when the database is away. */
export function createEstimates(sql: Sql): Estimates {
  const kept = new Map<string, { minutes: number; until: number }>()
  return async (flow) => {
    const known = kept.get(flow.name)
    if (known !== undefined && known.until > Date.now()) return known.minutes
    const median = await medianMinutes(sql, flow.name)
    // A run of milliseconds still takes some time: never zero.
    const minutes =
      median === undefined ? flow.estimatedMinutes : Math.max(0.001, Math.round(median * 1000) / 1000)
    kept.set(flow.name, { minutes, until: Date.now() + REMEMBER_MS })
    return minutes
  }
}
