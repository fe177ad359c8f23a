import type { AnyFlow } from '../engine/flow.ts'
import type { Sql } from '../postgres/sql.ts'
import { medianMinutes } from '../runs/runs.ts'

const REMEMBER_MS = 30_000

/** Minutes a run of the flow will take: the median of its last 50 completed runs, else the flow's own estimate. */
export type Estimates = (flow: AnyFlow) => Promise<number>

/** To the hundredth: 0.6 s. A run of milliseconds still takes some time, so it is never zero. */
function readable(minutes: number): number {
  return Math.max(0.01, Math.round(minutes * 100) / 100)
}

/** Remembers each median for 30 seconds; rejects when the database is away. */
export function createEstimates(sql: Sql): Estimates {
  const kept = new Map<string, { minutes: number; until: number }>()
  return async (flow) => {
    const known = kept.get(flow.name)
    if (known !== undefined && known.until > Date.now()) return known.minutes
    const median = await medianMinutes(sql, flow.name)
    const minutes = median === undefined ? flow.estimatedMinutes : readable(median)
    kept.set(flow.name, { minutes, until: Date.now() + REMEMBER_MS })
    return minutes
  }
}
