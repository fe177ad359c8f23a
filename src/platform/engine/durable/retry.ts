/** A retry: the plan of `plan-retry.ts`, made and carried out under the run's lock. */
import type { Sql } from '../../postgres/sql.ts'
import type { RetryOutcome } from '../engine.ts'
import type { PlannedRetry, RetryPlan } from '../retry-plan.ts'
import { COUNT_RESET, NOW_MS } from './identity.ts'
import { planRetry } from './plan-retry.ts'
import { lockRun } from './run-lock.ts'

/** Within the caller's transaction; answers the plan that was carried out, or that says why not. */
export async function retry(sql: Sql, runId: string, fromTask?: string): Promise<PlannedRetry> {
  await lockRun(sql, runId)
  const plan = await planRetry(sql, runId, fromTask)
  if (plan.kind === 'plan' && plan.refused === undefined) await carryOut(sql, plan)
  return plan
}

async function carryOut(sql: Sql, plan: RetryPlan): Promise<void> {
  const { runId, anewFrom } = plan
  const children = plan.children.filter((child) => child.parentRunId === runId && child.becomes === 'retried')
  for (const child of children) await retry(sql, child.runId)
  await forgetSteps(sql, runId, plan.steps)
  await sql.query(
    `update prefect.flow_runs
     set cancel_requested_at = null, deaths = null, generation = generation + $2, redone_from = redone_from || $3::int[]
     where id = $1`,
    [runId, anewFrom === 0 ? 1 : 0, anewFrom ? [anewFrom] : []],
  )
  await sql.query('delete from dbos.workflow_output where workflow_uuid = $1', [runId])
  await sql.query(
    `update dbos.workflow_status s
     set status = 'ENQUEUED', owner_xid = null, queue_name = r.queue, ${COUNT_RESET}, completed_at = null,
         started_at_epoch_ms = null, delay_until_epoch_ms = null,
         updated_at = ${NOW_MS}
     from prefect.flow_runs r where s.workflow_uuid = $1 and r.id = $1`,
    [runId],
  )
}

async function forgetSteps(sql: Sql, runId: string, steps: readonly number[]): Promise<void> {
  await sql.query('delete from dbos.operation_outputs where workflow_uuid = $1 and function_id = any($2)', [
    runId,
    steps,
  ])
  await sql.query('delete from prefect.run_waits where run_id = $1 and step = any($2)', [runId, steps])
  await sql.query('update prefect.run_signals set taken_by = null where run_id = $1 and taken_by = any($2)', [
    runId,
    steps,
  ])
  // The attempts stay in the record; the task may try as often as its policy allows once more.
  await sql.query(
    `update prefect.task_attempts a set next_attempt_at = clock_timestamp(), granted = attempt
     where run_id = $1 and step = any($2)
       and attempt = (select max(attempt) from prefect.task_attempts b where b.run_id = $1 and b.step = a.step)`,
    [runId, steps],
  )
}

/** Without the plan, as `Engine.retry` answers. */
export function outcomeOf(plan: PlannedRetry): RetryOutcome {
  if (plan.kind !== 'plan') return { kind: 'not_found' }
  if (plan.refused?.code === 'flagged') return { kind: 'flagged', reason: plan.refused.reason }
  if (plan.refused) return { kind: 'not_failed', status: plan.status }
  return { kind: 'retrying', from: plan.from }
}
