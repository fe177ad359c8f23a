/** One run with everything known of it: what the status endpoint answers. */
import { RUN_STATES, type RunDetail, type RunError, type RunStatus } from '../contract/run.ts'
import { instantText, secondsBetween } from '../postgres/instant-text.ts'
import type { Sql } from '../postgres/sql.ts'
import { asObject, errorOf, parseJson } from './json.ts'
import { statusOf } from './runs.ts'
import { type AttemptRow, type CheckpointRow, taskRuns, type WaitRow } from './task-runs.ts'

interface DetailRow {
  id: string
  workflow_name: string
  status: string
  subjects: string[]
  event_id: string | null
  parent_run_id: string | null
  origin_run_id: string | null
  scheduled_for: Date | null
  created_at: Date
  created_by: string | null
  started_ms: number | null
  completed_ms: number | null
  flagged: string | null
  recoveries: number
  /** Deaths of its worker since a step was last recorded. */
  deaths: number
  inputs: string | null
  output: string | null
  error: string | null
  successors: string[]
  children: string[]
  checkpoints: CheckpointRow[] | null
  now: Date
}

/** One round trip for the run itself: a status is polled, often by many. */
const DETAIL = `
  select v.id, v.workflow_name, v.status, v.subjects, v.event_id, v.parent_run_id, r.origin_run_id, v.scheduled_for, v.created_at, r.created_by,
    s.started_at_epoch_ms::float8 as started_ms, s.completed_at::float8 as completed_ms, v.flagged,
    r.recoveries, coalesce(cardinality(array_positions(r.deaths, r.deaths[cardinality(r.deaths)])), 0) as deaths,
    coalesce(i.inputs, s.inputs) as inputs, coalesce(o.output, s.output) as output, coalesce(o.error, s.error) as error,
    array(select n.id from prefect.flow_runs n where n.origin_run_id = v.id order by n.created_at, n.id) as successors,
    array(select c.id from prefect.flow_runs c where c.parent_run_id = v.id order by c.created_at, c.id) as children,
    (select json_agg(json_build_object('step', p.function_id, 'name', p.function_name, 'output', p.output,
       'error', p.error, 'started_ms', p.started_at_epoch_ms, 'completed_ms', p.completed_at_epoch_ms)
       order by p.function_id)
     from dbos.operation_outputs p where p.workflow_uuid = v.id) as checkpoints,
    clock_timestamp() as now
  from prefect.flow_run_states v
  join prefect.flow_runs r on r.id = v.id
  join dbos.workflow_status s on s.workflow_uuid = v.id
  left join dbos.workflow_input i on i.workflow_uuid = v.id
  left join dbos.workflow_output o on o.workflow_uuid = v.id
  where v.id = $1`

/** Undefined: no such run. */
export async function runDetail(sql: Sql, runId: string): Promise<RunDetail | undefined> {
  const [row] = await sql.query<DetailRow>(DETAIL, [runId])
  if (row === undefined) return undefined
  const attempts = await sql.query<AttemptRow>(
    `select step, attempt, task_name, started_at, ended_at, error, next_attempt_at
     from prefect.task_attempts where run_id = $1 order by step, attempt`,
    [runId],
  )
  const waits = await sql.query<WaitRow>(
    'select step, signal, opened_at, closed_at from prefect.run_waits where run_id = $1 order by step',
    [runId],
  )
  return detailOf(row, attempts, waits)
}

function detailOf(row: DetailRow, attempts: AttemptRow[], waits: WaitRow[]): RunDetail {
  const status = statusOf(row.status)
  const checkpoints = row.checkpoints ?? []
  // A run taken up again has a newer start of its own; it began with its first checkpoint.
  const starts = [row.started_ms, ...checkpoints.map((checkpoint) => checkpoint.started_ms)].filter(
    (ms): ms is number => typeof ms === 'number',
  )
  const startedMs = starts.length === 0 ? null : Math.min(...starts)
  return {
    flow_run_id: row.id,
    workflow_name: row.workflow_name,
    status,
    state: RUN_STATES[status],
    started_at: instantText(startedMs),
    completed_at: instantText(row.completed_ms),
    duration_seconds: secondsBetween(startedMs, row.completed_ms),
    created_at: instantText(row.created_at),
    created_by: row.created_by,
    scheduled_start: instantText(row.scheduled_for),
    parameters: parametersOf(row.inputs),
    subjects: row.subjects,
    event_id: row.event_id,
    parent_run_id: row.parent_run_id,
    origin_run_id: row.origin_run_id,
    successor_run_ids: row.successors,
    child_run_ids: row.children,
    flagged: row.flagged,
    recoveries: row.recoveries,
    task_runs: taskRuns({ runId: row.id, status, checkpoints, attempts, waits, now: row.now }),
    ...outcome(status, row),
  }
}

function outcome(status: RunStatus, row: DetailRow): { result?: unknown; error?: RunError } {
  if (status === 'completed') return { result: parseJson(row.output) }
  if (status === 'failed') return { error: runError(row.error) }
  if (status !== 'crashed') return {}
  const times = Math.max(1, row.deaths)
  const message = `Its worker died ${times} times in a row while running it; parked.`
  return { error: { code: 'crashed', message, task_name: null } }
}

/** The engine keeps a failure as JSON `{name, message, code, data: {task_name}}`. */
function runError(text: string | null): RunError {
  const stored = parseJson(text)
  const taskName = asObject(asObject(stored)?.data)?.task_name
  return { ...errorOf(stored), task_name: typeof taskName === 'string' ? taskName : null }
}

/** The engine keeps a run's input as JSON `{"positionalArgs": [parameters, meta], "namedArgs": {}}`. */
function parametersOf(inputs: string | null): Record<string, unknown> {
  const positional = asObject(parseJson(inputs))?.positionalArgs
  return asObject(Array.isArray(positional) ? positional[0] : undefined) ?? {}
}
