/** The children of a run, by the steps that started them. */
import type { RunStatus } from '../../contract/run.ts'
import type { Sql } from '../../postgres/sql.ts'
import { childRunId, generationAt } from '../ids.ts'
import type { RetryRecord } from './retry-record.ts'

export interface ChildRow {
  id: string
  step: number
  workflowName: string
  status: RunStatus
}

/** A step without an outcome comes soon after the last one with an outcome. */
const OPEN_STEPS = 200

/** In the order of their steps. Those of steps that were forgotten before, or that were never let go, are left out. */
export async function childrenOf(sql: Sql, runId: string, record: RetryRecord): Promise<ChildRow[]> {
  const rows = await sql.query<{ id: string; workflow_name: string; status: RunStatus }>(
    `select r.id, r.workflow_name, v.status from prefect.flow_runs r join prefect.flow_run_states v on v.id = r.id
     where r.parent_run_id = $1 and not r.announced`,
    [runId],
  )
  if (rows.length === 0) return []
  const stepOf = stepsByChild(runId, record)
  return rows
    .flatMap(({ id, workflow_name, status }) => {
      const step = stepOf.get(id)
      return step === undefined ? [] : [{ id, step, workflowName: workflow_name, status }]
    })
    .sort((a, b) => a.step - b.step)
}

/** On record, or, where a worker died before it could record it, under the id that the step gives. */
function stepsByChild(runId: string, record: RetryRecord): Map<string, number> {
  const byChild = new Map<string, number>()
  const last = Math.max(-1, ...record.steps.keys())
  for (let step = 0; step <= last + OPEN_STEPS; step++) {
    const known = record.steps.get(step)
    if (known === undefined) byChild.set(childRunId(runId, generationAt(record, step), step), step)
    else if (known.child !== null) byChild.set(known.child, step)
  }
  return byChild
}

/** The runs and all that they started, of any depth. */
export function familyOf(
  sql: Sql,
  runIds: readonly string[],
): Promise<{ id: string; flagged: string | null }[]> {
  return sql.query(
    `with recursive family as (
       select id, flagged from prefect.flow_runs where id = any($1)
       union
       select r.id, r.flagged from prefect.flow_runs r join family f on r.parent_run_id = f.id)
     select id, flagged from family`,
    [runIds],
  )
}
