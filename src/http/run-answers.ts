/** Shared by the routes about one run: what it is now, and what its state forbids. */
import { findRun } from '../db/runs.ts'
import type { Sql } from '../db/sql.ts'
import { HttpProblem } from './problem.ts'

/** 409 with the state the run is really in; `told` is what the engine said, should the row be gone. */
export async function conflict(sql: Sql, runId: string, told: string, why: string): Promise<HttpProblem> {
  const status = (await findRun(sql, runId))?.status ?? told
  return new HttpProblem(409, 'run_state_conflict', `The run is ${status}: ${why}`, { runStatus: status })
}
