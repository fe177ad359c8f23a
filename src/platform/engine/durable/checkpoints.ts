/**
 * The engine's checkpoint rows, written by us so that one statement checks ownership and records, and so that a
 * transaction's checkpoint commits with its business rows. What they hold: runs/checkpoint-format.ts. Schema of the
 * pinned engine version; see its contract test.
 */

import type { Sql } from '../../postgres/sql.ts'
import { packOutput, unpackError, unpackOutput } from '../../runs/checkpoint-format.ts'
import type { Restarts } from '../ids.ts'
import type { Checkpoint, FailedAttempt } from '../journal.ts'
import { APPLICATION } from './identity.ts'

/** What a run needs to start or to go on. Times in epoch milliseconds. */
export interface RunMemory extends Restarts {
  eventId: string | undefined
  /** W3C trace context of what started it. */
  parentRunId: string | undefined
  traceparent: string | undefined
  /** Where it waits for a worker: its flow's, unless it was started for another. */
  queue: string | undefined
  cancelRequested: boolean
  /** From the commit of the run, or the time it was scheduled for, to now, in seconds by the database's clock. */
  waited: number
  scheduled: boolean
  /** It has begun before: what is not recorded may have begun all the same. */
  resumed: boolean
  steps: Map<number, Checkpoint>
  attempts: FailedAttempt[]
}

/** The row lock makes a change of owner wait for our commit, or us for its: a lost run records nothing. */
const RECORD = `
  with owner as (
    select 1 from dbos.workflow_status
    where workflow_uuid = $1 and owner_xid = $2 and status = 'PENDING' for no key update
  )
  insert into dbos.operation_outputs (workflow_uuid, function_id, function_name, output, error, started_at_epoch_ms,
                                      completed_at_epoch_ms, child_workflow_id, serialization, application_name)
  select $1, $3, $4, $5, $6, $7, $8, $9, 'portable_json', '${APPLICATION}' from owner
  on conflict (workflow_uuid, function_id) do nothing
  returning 1 as done`

/** False: not the owner any more, or recorded already. */
export async function insertCheckpoint(
  sql: Sql,
  run: { id: string; owner: string },
  step: number,
  checkpoint: Checkpoint,
  childRunId?: string,
): Promise<boolean> {
  const { name, error, startedAt, endedAt } = checkpoint
  const rows = await sql.query(RECORD, [
    run.id,
    run.owner,
    step,
    name,
    packOutput(checkpoint),
    error ? JSON.stringify(error) : null,
    startedAt,
    endedAt,
    childRunId ?? null,
  ])
  return rows.length === 1
}

interface StepRow {
  step: number
  name: string
  output: string
  error: string | null
  started: number
  ended: number
}

interface MemoryRow {
  id: string
  event_id: string | null
  parent_run_id: string | null
  traceparent: string | null
  generation: number
  redone_from: number[]
  queue: string
  cancel_requested: boolean
  waited: number
  scheduled: boolean
  resumed: boolean
  steps: StepRow[] | null
  attempts: (Omit<FailedAttempt, 'nextAttemptAt'> & { nextAttemptIn: number | null })[] | null
}

const LOAD = `
  select r.id, r.event_id, r.parent_run_id, r.traceparent, r.generation, r.redone_from, r.queue, r.cancel_requested_at is not null as cancel_requested,
    extract(epoch from clock_timestamp() - greatest(r.scheduled_for, r.created_at))::float8 as waited,
    r.scheduled_for is not null as scheduled, r.begun_at is not null as resumed,
    (select json_agg(json_build_object('step', o.function_id, 'name', o.function_name, 'output', o.output,
              'error', o.error, 'started', o.started_at_epoch_ms, 'ended', o.completed_at_epoch_ms))
       from dbos.operation_outputs o where o.workflow_uuid = r.id) as steps,
    (select json_agg(json_build_object('step', a.step, 'attempt', a.attempt, 'taskName', a.task_name,
              'startedAt', extract(epoch from a.started_at) * 1000, 'endedAt', extract(epoch from a.ended_at) * 1000,
              'error', a.error, 'attemptsBeforeRetry', a.granted,
              'nextAttemptIn', extract(epoch from a.next_attempt_at - clock_timestamp()) * 1000) order by a.step, a.attempt)
       from prefect.task_attempts a where a.run_id = r.id) as attempts
  from prefect.flow_runs r where r.id = any($1)`

/** What the runs remember, in one query. A run that was deleted meanwhile is missing. */
export async function loadMemories(sql: Sql, runIds: readonly string[]): Promise<Map<string, RunMemory>> {
  const rows = await sql.query<MemoryRow>(LOAD, [runIds])
  return new Map(rows.map((row) => [row.id, memoryOf(row)]))
}

function memoryOf(row: MemoryRow): RunMemory {
  return {
    eventId: row.event_id ?? undefined,
    parentRunId: row.parent_run_id ?? undefined,
    traceparent: row.traceparent ?? undefined,
    generation: row.generation,
    redoneFrom: row.redone_from,
    queue: row.queue,
    cancelRequested: row.cancel_requested,
    waited: row.waited,
    scheduled: row.scheduled,
    resumed: row.resumed,
    steps: new Map((row.steps ?? []).map((step) => [step.step, checkpointOf(step)])),
    attempts: (row.attempts ?? []).map(attemptOf),
  }
}

/** Due by the database's clock, as a time of this machine's, which may be hours off. */
function attemptOf({ nextAttemptIn, ...attempt }: NonNullable<MemoryRow['attempts']>[number]): FailedAttempt {
  return { ...attempt, nextAttemptAt: nextAttemptIn === null ? undefined : Date.now() + nextAttemptIn }
}

/** The recorded outcome of one step, or undefined. */
export async function loadCheckpoint(sql: Sql, runId: string, step: number): Promise<Checkpoint | undefined> {
  const memory = (await loadMemories(sql, [runId])).get(runId)
  return memory?.steps.get(step)
}

function checkpointOf({ step, name, started, ended, ...row }: StepRow): Checkpoint {
  const output = unpackOutput(row.output)
  // To do the step again could do it twice.
  if (output === undefined) throw new Error(`Step ${step} "${name}" was not recorded by this service.`)
  const error = unpackError(row.error)
  return { ...output, name, startedAt: started, endedAt: ended, ...(error ? { error } : {}) }
}
