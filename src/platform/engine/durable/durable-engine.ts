/** The Engine port over the database alone: any process may ask, whether it runs flows or not. */
import { ENDED } from '../../contract/run.ts'
import { currentTraceparent } from '../../observability/spans.ts'
import type { Database } from '../../postgres/pool.ts'
import type { Sql } from '../../postgres/sql.ts'
import type { CancelOutcome, Engine, SignalOutcome } from '../engine.ts'
import { queueOf } from '../flow.ts'
import type { Retries } from '../retry-plan.ts'
import { NOW_MS, WAKE_CHANNEL } from './identity.ts'
import { planRetry } from './plan-retry.ts'
import { outcomeOf, retry } from './retry.ts'
import { lockRun } from './run-lock.ts'
import { releaseReserved, startRuns } from './start-runs.ts'
import { resumeParentOf, resumeRun } from './suspension.ts'

/** `wake` is called for new work in a queue: the worker in this process, if there is one, is quicker than a NOTIFY. */
export function createDurableEngine(database: Database, wake: (queue: string) => void): Engine & Retries {
  async function retryFrom(runId: string, fromTask?: string) {
    const plan = await database.transaction((sql) => retry(sql, runId, fromTask))
    if (plan.kind === 'plan' && plan.refused === undefined) wake('*')
    return plan
  }
  return {
    async start(asked) {
      const request = { traceparent: currentTraceparent(), ...asked }
      const released = request.parentRunId && (await releaseReserved(database, request))
      if (released) {
        wake(released)
        return { runId: request.runId, created: true }
      }
      const created = (await startRuns(database, [request])).has(request.runId)
      if (created) wake(queueOf(request.flow))
      return { runId: request.runId, created }
    },
    cancel: (runId) => database.transaction((sql) => cancel(sql, runId)),
    retry: async (runId) => outcomeOf(await retryFrom(runId)),
    retryFrom,
    planRetry: (runId, fromTask) => planRetry(database, runId, fromTask),
    signal: (runId, name, payload) => database.transaction((sql) => signal(sql, runId, name, payload)),
  }
}

async function cancel(sql: Sql, runId: string): Promise<CancelOutcome> {
  const run = await lockRun(sql, runId)
  if (!run) return { kind: 'not_found' }
  const previous = run.status
  if (ENDED.includes(previous)) return { kind: 'already_ended', status: previous }
  const [asked] = await sql.query<{ at: Date }>(
    `update prefect.flow_runs set cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp())
     where id = $1 returning cancel_requested_at as at`,
    [runId],
  )
  const at = asked?.at ?? new Date()
  // What never began has nothing to undo and ends here; what began ends itself, after undoing what it did.
  if (!run.begun) {
    await endUnbegun(sql, runId)
    return { kind: 'cancelled', previous, at }
  }
  await resumeRun(sql, runId)
  await notify(sql, 'cancel', runId)
  return { kind: 'cancelling', previous, at }
}

async function endUnbegun(sql: Sql, runId: string): Promise<void> {
  await sql.query(
    `update dbos.workflow_status
     set status = 'CANCELLED', updated_at = ${NOW_MS}, completed_at = ${NOW_MS} where workflow_uuid = $1`,
    [runId],
  )
  await resumeParentOf(sql, runId)
}

async function signal(sql: Sql, runId: string, name: string, payload: unknown): Promise<SignalOutcome> {
  const run = await lockRun(sql, runId)
  if (!run) return { kind: 'not_found' }
  if (ENDED.includes(run.status)) return { kind: 'already_ended', status: run.status }
  await sql.query('insert into prefect.run_signals (run_id, signal, payload) values ($1, $2, $3)', [
    runId,
    name,
    JSON.stringify(payload ?? null),
  ])
  await resumeRun(sql, runId)
  await notify(sql, 'run', runId)
  return { kind: 'delivered' }
}

/** The worker that has the run is notified; all of them, should it have been suspended. */
async function notify(sql: Sql, what: 'run' | 'cancel', runId: string): Promise<void> {
  await sql.query('select pg_notify($1, $2), pg_notify($1, $3)', [
    WAKE_CHANNEL,
    `${what}:${runId}`,
    'queue:*',
  ])
}
