/** Reading runs back: what was asked for (prefect.flow_runs) joined to what became of it (the engine's tables). */
import { RUN_STATES, type RunLog, RunStatus, type RunSummary } from '../contract/run.ts'
import { instantText, secondsBetween } from '../postgres/instant-text.ts'
import type { Sql } from '../postgres/sql.ts'
import { asObject } from './json.ts'

export interface SummaryRow {
  id: string
  workflow_name: string
  status: string
  created_at: Date
  started_at: Date | null
  completed_at: Date | null
  event_id: string | null
  subjects: string[]
  flagged: string | null
}
export const SUMMARY_COLUMNS =
  'v.id, v.workflow_name, v.status, v.created_at, v.started_at, v.completed_at, v.event_id, v.subjects, v.flagged'

/** A row of the view as the API's summary. Durations in seconds. */
export function summaryOf(row: SummaryRow): RunSummary {
  const status = statusOf(row.status)
  return {
    flow_run_id: row.id,
    workflow_name: row.workflow_name,
    status,
    state: RUN_STATES[status],
    created_at: instantText(row.created_at),
    started_at: instantText(row.started_at),
    completed_at: instantText(row.completed_at),
    duration_seconds: secondsBetween(row.started_at?.getTime() ?? null, row.completed_at?.getTime() ?? null),
    event_id: row.event_id,
    subjects: row.subjects,
    flagged: row.flagged,
  }
}

/** A status word of the view; an engine word nobody foresaw reads as `running` rather than breaking the answer. */
export function statusOf(word: string): RunStatus {
  return RunStatus.safeParse(word).data ?? 'running'
}

/** What a trigger's answer needs of a run, also of the first run of a repeated key. */
export interface StartedRunRow {
  status: RunStatus
  requestHash: string | null
  scheduledFor: Date | null
  createdAt: Date
  cancelRequestedAt: Date | null
  completedAt: Date | null
}

/** Undefined: no such run. */
export async function findRun(sql: Sql, runId: string): Promise<StartedRunRow | undefined> {
  const [row] = await sql.query<{
    status: string
    request_hash: string | null
    scheduled_for: Date | null
    created_at: Date
    cancel_requested_at: Date | null
    completed_at: Date | null
  }>(
    `select v.status, r.request_hash, v.scheduled_for, v.created_at, v.cancel_requested_at, v.completed_at
     from prefect.flow_run_states v join prefect.flow_runs r on r.id = v.id where v.id = $1`,
    [runId],
  )
  return (
    row && {
      status: statusOf(row.status),
      requestHash: row.request_hash,
      scheduledFor: row.scheduled_for,
      createdAt: row.created_at,
      cancelRequestedAt: row.cancel_requested_at,
      completedAt: row.completed_at,
    }
  )
}

/** Median minutes of the last 50 completed runs; undefined when there are none. */
export async function medianMinutes(sql: Sql, workflowName: string): Promise<number | undefined> {
  const [row] = await sql.query<{ minutes: number | null }>(
    `select (percentile_cont(0.5) within group (order by t.ms) / 60000)::float8 as minutes
     from (select (s.completed_at - s.started_at_epoch_ms)::float8 as ms
           from prefect.flow_runs r join dbos.workflow_status s on s.workflow_uuid = r.id
           where r.workflow_name = $1 and s.status = 'SUCCESS'
             and s.completed_at is not null and s.started_at_epoch_ms is not null
           order by r.created_at desc limit 50) t`,
    [workflowName],
  )
  return row?.minutes ?? undefined
}

/** The first 5000 lines a run logged, in order; undefined: no such run. */
export async function runLogs(sql: Sql, runId: string): Promise<RunLog[] | undefined> {
  const rows = await sql.query<{
    at: Date
    level: string
    message: string
    task_name: string | null
    fields: unknown
  }>(
    'select at, level, message, task_name, fields from prefect.run_logs where run_id = $1 order by at, key limit 5000',
    [runId],
  )
  if (rows.length === 0 && (await findRun(sql, runId)) === undefined) return undefined
  return rows.map((row) => ({
    at: instantText(row.at),
    level: LEVELS.find((level) => level === row.level) ?? 'info',
    message: row.message,
    task_name: row.task_name,
    fields: asObject(row.fields) ?? null,
  }))
}

const LEVELS: readonly RunLog['level'][] = ['debug', 'info', 'warn', 'error']
