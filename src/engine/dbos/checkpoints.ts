/**
 * The engine's checkpoint rows, written by us so that one statement checks ownership and records, and so that a
 * transaction's checkpoint commits with its business rows. Layout of `output`: {"k": kind, "v": value, "p": parts,
 * "c": cached}; `error`: {code, message, task_name}. Schema of the pinned engine version; see its contract test.
 */
import type { Sql } from '../../db/sql.ts'
import type { ErrorRecord } from '../errors.ts'
import type { Checkpoint, FailedAttempt, Part, StepKind } from '../journal.ts'
import { APPLICATION } from './identity.ts'

/** What a run needs to start or to go on. Times in epoch milliseconds. */
export interface RunMemory {
  eventId: string | undefined
  generation: number
  cancelRequested: boolean
  /** From the commit of the run, or the time it was scheduled for, to now, in seconds by the database's clock. */
  waited: number
  scheduled: boolean
  steps: Map<number, Checkpoint>
  attempts: FailedAttempt[]
}

interface StoredOutput {
  k: StepKind
  v?: unknown
  p?: { n: string; s: number; e: number; err?: ErrorRecord }[]
  c?: boolean
}

/** The row lock makes a change of owner wait for our commit, or us for its: a lost run records nothing. */
const RECORD = `
  with owner as (
    select 1 from dbos.workflow_status
    where workflow_uuid = $1 and owner_xid = $2 and status = 'PENDING' for no key update)
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
    JSON.stringify(stored(checkpoint)),
    error ? JSON.stringify(error) : null,
    startedAt,
    endedAt,
    childRunId ?? null,
  ])
  return rows.length === 1
}

function stored({ kind, value, parts, cached }: Checkpoint): StoredOutput {
  const output: StoredOutput = { k: kind }
  if (value !== undefined) output.v = value
  if (parts) output.p = parts.map(packPart)
  if (cached) output.c = true
  return output
}

const packPart = ({ name, startedAt, endedAt, error }: Part) => ({
  n: name,
  s: startedAt,
  e: endedAt,
  ...(error ? { err: error } : {}),
})

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
  generation: number
  cancel_requested: boolean
  waited: number
  scheduled: boolean
  steps: StepRow[] | null
  attempts: (Omit<FailedAttempt, 'nextAttemptAt'> & { nextAttemptAt: number | null })[] | null
}

const LOAD = `
  select r.id, r.event_id, r.generation, r.cancel_requested_at is not null as cancel_requested,
    extract(epoch from clock_timestamp() - greatest(r.scheduled_for, r.created_at))::float8 as waited,
    r.scheduled_for is not null as scheduled,
    (select json_agg(json_build_object('step', o.function_id, 'name', o.function_name, 'output', o.output,
              'error', o.error, 'started', o.started_at_epoch_ms, 'ended', o.completed_at_epoch_ms))
       from dbos.operation_outputs o where o.workflow_uuid = r.id) as steps,
    (select json_agg(json_build_object('step', a.step, 'attempt', a.attempt, 'taskName', a.task_name,
              'startedAt', extract(epoch from a.started_at) * 1000, 'endedAt', extract(epoch from a.ended_at) * 1000,
              'error', a.error, 'granted', a.granted,
              'nextAttemptAt', extract(epoch from a.next_attempt_at) * 1000) order by a.step, a.attempt)
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
    generation: row.generation,
    cancelRequested: row.cancel_requested,
    waited: row.waited,
    scheduled: row.scheduled,
    steps: new Map((row.steps ?? []).map((step) => [step.step, checkpointOf(step)])),
    attempts: (row.attempts ?? []).map((a) => ({ ...a, nextAttemptAt: a.nextAttemptAt ?? undefined })),
  }
}

/** The recorded outcome of one step, or undefined. */
export async function loadCheckpoint(sql: Sql, runId: string, step: number): Promise<Checkpoint | undefined> {
  const memory = (await loadMemories(sql, [runId])).get(runId)
  return memory?.steps.get(step)
}

function checkpointOf(row: StepRow): Checkpoint {
  const output = JSON.parse(row.output) as StoredOutput
  const checkpoint: Checkpoint = {
    name: row.name,
    kind: output.k,
    startedAt: row.started,
    endedAt: row.ended,
  }
  checkpoint.value = output.v
  if (row.error) checkpoint.error = JSON.parse(row.error) as ErrorRecord
  if (output.p) {
    checkpoint.parts = output.p.map(({ n, s, e, err }) => ({
      name: n,
      startedAt: s,
      endedAt: e,
      ...(err ? { error: err } : {}),
    }))
  }
  return checkpoint
}
