/** Runs that failed or crashed and nobody has settled, as every source of them sees them. */
import type { RetryOutcome } from '../engine/engine.ts'
import type { Sql } from '../postgres/sql.ts'
import { errorOf, parseJson } from '../runs/json.ts'
import { InboxRefusal } from './inbox-refusal.ts'
import { type Bind, type EngineActs, type OpenRows, type SettleContext, settling } from './inbox-source.ts'
import { microseconds } from './open-entries.ts'

export interface RunFacts {
  workflow: string
  status: 'failed' | 'crashed'
  /** JSON, as the engine keeps it; null of a run that crashed. */
  error: string | null
  flagged: string | null
}

/** Those that meet `where`, with the alias `r` of prefect.flow_runs. */
export function unsettledRuns(where: readonly string[]): OpenRows & { subjects: string } {
  return {
    from: 'prefect.flow_runs r',
    where: ['r.unsettled_since is not null', ...where],
    ref: `r.id || '.' || ${microseconds('r.unsettled_since')}`,
    since: 'r.unsettled_since',
    who: "'operations'",
    subjects: 'r.subjects',
    flowRunId: 'r.id',
    eventId: 'r.event_id',
    facts: `jsonb_build_object('workflow', r.workflow_name, 'status', r.unsuccessful, 'flagged', r.flagged,
      'error', (select o.error from dbos.workflow_output o where o.workflow_uuid = r.id))`,
  }
}

/** By the run's id, which the key begins with. */
export const atRun = (ref: string, bind: Bind) => [`r.id = ${bind(ref.slice(0, ref.lastIndexOf('.')))}`]

export function detailsOf({ workflow, status, error, flagged }: RunFacts): Record<string, unknown> {
  return {
    workflow_name: workflow,
    status,
    error: error === null ? null : errorOf(parseJson(error)),
    ...(flagged === null ? {} : { flagged }),
  }
}

/** SQL: run `child` failed, and `parent` with it, which awaited it and did not catch that. */
export const tookAlong = (parent: string, child: string) =>
  `${parent}.id = ${child}.parent_run_id and ${parent}.unsettled_since is not null
   and exists (select from dbos.operation_outputs o where o.workflow_uuid = ${parent}.id
               and o.child_workflow_id = ${child}.id and o.error is not null)`

/** The run whose retry does everything again that failed with this one: itself, or the parent it took along. */
async function topOf(sql: Sql, runId: string): Promise<string> {
  const [row] = await sql.query<{ id: string }>(
    `with recursive up as (
       select id, parent_run_id, 0 as level from prefect.flow_runs where id = $1
       union all
       select p.id, p.parent_run_id, up.level + 1 from up join prefect.flow_runs p on ${tookAlong('p', 'up')})
     select id from up order by level desc limit 1`,
    [runId],
  )
  return row?.id ?? runId
}

/** Nothing more is to be done about the run, those that it took along, and those that took it along. */
export async function settleRun(sql: Sql, runId: string): Promise<void> {
  await sql.query(
    `with recursive family as (
       select id, unsettled_since from prefect.flow_runs where id = $1
       union all
       select c.id, c.unsettled_since from family p join prefect.flow_runs c on ${tookAlong('p', 'c')})
     update prefect.flow_runs r set unsettled_since = null from family f where r.id = f.id`,
    [await topOf(sql, runId)],
  )
}

/** The run, and what it took along, goes on from where it failed. Throws InboxRefusal. */
export async function retryRun(
  engine: EngineActs,
  sql: Sql,
  runId: string,
): Promise<{ flow_run_id: string; retried_from: string | null }> {
  const top = await topOf(sql, runId)
  const outcome = await engine.retry(sql, top)
  if (outcome.kind === 'retrying') return { flow_run_id: top, retried_from: outcome.from ?? null }
  throw new InboxRefusal('cannot_settle', `Run ${top} cannot be retried: ${whyNot(outcome)}`)
}

function whyNot(outcome: Exclude<RetryOutcome, { kind: 'retrying' }>): string {
  switch (outcome.kind) {
    case 'not_found':
      return 'it is not there any more.'
    case 'not_failed':
      return `it is ${outcome.status}, and only one that failed can be retried.`
    case 'flagged':
      return `a person must mend it first. ${outcome.reason}`
  }
}

/** It stays as it is, and nobody need look at it again. */
export const dismissRun = settling({
  title: 'Leave it as it is',
  async settle({ sql, entry }: SettleContext<unknown>) {
    await settleRun(sql, entry.flow_run_id ?? '')
    return undefined
  },
})
