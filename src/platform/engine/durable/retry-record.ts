/** What a run has on record, as far as a retry goes by it. */
import type { RunStatus } from '../../contract/run.ts'
import type { Sql } from '../../postgres/sql.ts'
import type { Restarts } from '../ids.ts'
import type { StepKind } from '../journal.ts'

interface Step {
  name: string
  kind: StepKind | null
  failed: boolean
  cancelled: boolean
  child: string | null
}

export interface RetryRecord extends Restarts {
  /** With an outcome. */
  steps: ReadonlyMap<number, Step>
  /** An undo is on record. */
  undone: boolean
  /** The steps that the run ended by; none where the flow itself failed, or where it crashed. */
  endedBy(status: RunStatus): readonly number[]
  /** That step and all after it, those without an outcome too. */
  from(step: number): number[]
  nameOf(step: number): string | undefined
  kindOf(step: number): StepKind | null
  /** Whether the run waits for that child, which it does of one without an outcome, too. */
  awaits(childId: string): boolean
}

interface RecordRow {
  generation: number
  redone_from: number[]
  failed: number[] | null
  steps: (Step & { step: number })[] | null
  open: { step: number; name: string; kind: StepKind | null }[] | null
}

const RECORD = `
  select r.generation, r.redone_from,
    (select array(select json_array_elements_text(o.error::json -> 'data' -> 'steps')::int)
     from dbos.workflow_output o where o.workflow_uuid = r.id and o.error is not null) as failed,
    (select json_agg(json_build_object('step', o.function_id, 'name', o.function_name, 'kind', o.output::json ->> 'k',
       'failed', o.error is not null, 'cancelled', coalesce(o.error::json ->> 'code' = 'cancelled', false),
       'child', o.child_workflow_id) order by o.function_id)
     from dbos.operation_outputs o where o.workflow_uuid = r.id) as steps,
    (select json_agg(open) from (
       select step, coalesce(signal, 'sleep') as name, 'wait' as kind from prefect.run_waits where run_id = r.id
       union
       select step, task_name, null from prefect.task_attempts where run_id = r.id) open) as open
  from prefect.flow_runs r where r.id = $1`

export async function loadRetryRecord(sql: Sql, runId: string): Promise<RetryRecord> {
  const [row] = await sql.query<RecordRow>(RECORD, [runId])
  const steps = new Map((row?.steps ?? []).map(({ step, ...rest }) => [step, rest]))
  const open = new Map((row?.open ?? []).map(({ step, ...rest }) => [step, rest]))
  const numbers = [...new Set([...steps.keys(), ...open.keys()])].sort((a, b) => a - b)
  const known = (step: number) => steps.get(step) ?? open.get(step)
  const cancelled = [...steps].filter(([, step]) => step.cancelled).map(([step]) => step)
  const ends: Partial<Record<RunStatus, readonly number[]>> = { cancelled, failed: row?.failed ?? [] }
  return {
    generation: row?.generation ?? 0,
    redoneFrom: row?.redone_from ?? [],
    steps,
    undone: [...steps.values()].some(({ kind }) => kind === 'undo'),
    endedBy: (status) => ends[status] ?? [],
    from: (step) => numbers.filter((number) => number >= step),
    nameOf: (step) => known(step)?.name,
    kindOf: (step) => known(step)?.kind ?? null,
    awaits: (childId) => [...steps.values()].find(({ child }) => child === childId)?.kind !== 'start',
  }
}
