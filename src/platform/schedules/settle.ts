/**
 * What happens to firings after they were decided: their runs end, those that wait get their turn, a schedule whose runs
 * keep failing is paused, and what goes on for too long is cancelled.
 */
import type { Sql } from '../postgres/sql.ts'
import { runIsOver } from '../runs/run-is-over.ts'
import { type FiringPorts, requestOf } from './firing-writes.ts'
import { SCHEDULE_COLUMNS, type ScheduleRow } from './schedule-row.ts'

/** Runs of one series that may be under way at once; a backfill has its own number. */
const LIMIT = `case when f.kind = 'backfill' then (select b.at_most from prefect.backfills b where b.id = f.series)
                    when s.definition ->> 'overlap' = 'allow' then 1000000
                    else (s.definition ->> 'concurrency')::int end`

/** Open firings of the same series as `f`: those of the schedule itself are one series. */
const OPEN_BESIDE = `(select count(*)::int from prefect.firings o
  where o.schedule_id = f.schedule_id and o.open and o.series = f.series)`

/** A paused schedule's own firings wait until it is resumed; a backfill goes on. */
const MAY_START = `(f.kind = 'backfill' or s.active)`

/** Looked up firing by firing: few are open or wait, however many schedules there are. */
const ITS_SCHEDULE = `lateral (select s.* from prefect.schedules s where s.id = f.schedule_id offset 0) s`

/** Ids of schedules that have something to settle. */
export async function schedulesToSettle(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ id: string }>(
    `select f.schedule_id as id from prefect.firings f where f.open and ${runIsOver('f.run_id')}
     union
     select f.schedule_id from prefect.firings f, ${ITS_SCHEDULE}
     where f.outcome = 'waiting' and ${MAY_START} and ${OPEN_BESIDE} < ${LIMIT}`,
  )
  return rows.map(({ id }) => id)
}

export interface Settled {
  /** Runs that were started. */
  started: number
  /** Set when it was paused for its failures: how many in a row. */
  pausedAfter: number | undefined
}

/** In a transaction of its own. Nothing, when another scheduler is at it. */
export async function settleSchedule(sql: Sql, ports: FiringPorts, scheduleId: string): Promise<Settled> {
  const [schedule] = await sql.query<ScheduleRow>(
    `select ${SCHEDULE_COLUMNS} from prefect.schedules s where s.id = $1 for no key update skip locked`,
    [scheduleId],
  )
  if (schedule === undefined) return { started: 0, pausedAfter: undefined }
  const pausedAfter = await countEnds(sql, schedule)
  const active = schedule.active && pausedAfter === undefined
  return { started: await startWaiting(sql, ports, { ...schedule, active }), pausedAfter }
}

/** Runs that have ended leave their firings; failures in a row are counted in the order of their ends. */
async function countEnds(sql: Sql, schedule: ScheduleRow): Promise<number | undefined> {
  const ended = await sql.query<{ status: string; kind: string }>(
    `with over as (
       update prefect.firings f set open = false where f.schedule_id = $1 and f.open and ${runIsOver('f.run_id')}
       returning f.run_id, f.kind
     )
     select v.status, over.kind from over join prefect.flow_run_states v on v.id = over.run_id order by v.completed_at, v.id`,
    [schedule.id],
  )
  if (ended.length === 0) return undefined
  let failures = schedule.failures_in_a_row
  for (const { status, kind } of ended) {
    // A cancel says nothing about whether it works; nor does what was run for the past.
    if (kind === 'backfill' || status === 'cancelled') continue
    failures = status === 'completed' ? 0 : failures + 1
  }
  const limit = schedule.definition.pause_after_failures
  const pauses = schedule.active && limit !== null && failures >= limit
  await sql.query(
    `update prefect.schedules set failures_in_a_row = $2,
       active = active and not $3, next_due_at = case when $3 then null else next_due_at end,
       paused_at = case when $3 then clock_timestamp() else paused_at end,
       paused_by = case when $3 then null else paused_by end,
       pause_reason = case when $3 then 'failures' else pause_reason end,
       pause_note = case when $3 then $4 else pause_note end
     where id = $1`,
    [schedule.id, failures, pauses, `Its last ${failures} runs failed.`],
  )
  return pauses ? failures : undefined
}

interface WaitingRow {
  id: string
  series: string
  nominal: string
  nominal_at: Date
  previous_nominal_at: Date | null
}

/** In the order of their nominal times, as many as there is room for. */
async function startWaiting(sql: Sql, ports: FiringPorts, schedule: ScheduleRow): Promise<number> {
  const waiting = await sql.query<WaitingRow>(
    `select id, series, nominal, nominal_at, previous_nominal_at from (
       select f.*, row_number() over (partition by f.series order by f.nominal_at, f.id) as place,
         ${LIMIT} - ${OPEN_BESIDE} as room
       from prefect.firings f join prefect.schedules s on s.id = f.schedule_id
       where f.schedule_id = $1 and f.outcome = 'waiting' and (f.kind = 'backfill' or $2)
     ) w where place <= room order by nominal_at limit 200`,
    [schedule.id, schedule.active],
  )
  if (waiting.length === 0) return 0
  const became = await Promise.all(waiting.map((firing) => turnOf(ports, schedule, firing)))
  await sql.query(
    `update prefect.firings f
     set outcome = x.outcome, run_id = x.run_id, open = x.run_id is not null, decided_at = clock_timestamp(),
         reason = coalesce(x.reason, case when f.reason = 'overlap' then 'after_overlap' else f.reason end),
         detail = coalesce(x.detail, f.detail)
     from jsonb_to_recordset($1::jsonb) as x(id text, outcome text, run_id text, reason text, detail text)
     where f.id = x.id and f.outcome = 'waiting'`,
    [JSON.stringify(became.map(({ row }) => row))],
  )
  const requests = became.flatMap(({ request }) => request ?? [])
  await ports.startRuns(sql, requests)
  return requests.length
}

async function turnOf(ports: FiringPorts, schedule: ScheduleRow, firing: WaitingRow) {
  const { id, series, nominal, nominal_at: at, previous_nominal_at: previous } = firing
  const time = { series, nominal, at, previous: previous ?? undefined }
  const begun = await requestOf(ports, schedule, time)
  if ('refused' in begun) return { row: { id, run_id: null, ...begun.refused } }
  const row = { id, outcome: 'started', run_id: begun.request.runId, reason: null, detail: null }
  return { row, request: begun.request }
}

/** Runs to cancel: one in whose place a newer one waits, and one that goes on for longer than it may. */
export async function runsToCancel(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ run_id: string }>(
    `select f.run_id from prefect.firings f, ${ITS_SCHEDULE},
       lateral (select r.* from prefect.flow_runs r where r.id = f.run_id offset 0) r
     where f.open and r.cancel_requested_at is null and not ${runIsOver('f.run_id')}
       and ((s.definition ->> 'overlap' = 'cancel_running' and f.kind = 'schedule' and s.active
             and exists (select from prefect.firings w where w.schedule_id = s.id and w.outcome = 'waiting'
                         and w.kind = 'schedule' and w.reason = 'overlap'))
         or (s.definition ->> 'time_limit_seconds' is not null
             and clock_timestamp() - coalesce(r.begun_at, (select v.started_at from prefect.flow_run_states v where v.id = r.id))
                 > make_interval(secs => (s.definition ->> 'time_limit_seconds')::int)))`,
  )
  return rows.map(({ run_id }) => run_id)
}
