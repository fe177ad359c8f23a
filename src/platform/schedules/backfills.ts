/** A backfill: the runs of times that are over, so many at once, cancelled as one. settle.ts gives each its turn. */
import { randomBytes } from 'node:crypto'
import type { Backfill, BackfillRequest } from '../contract/schedule-control.ts'
import { idFrom } from '../engine/ids.ts'
import { instantText } from '../postgres/instant-text.ts'
import type { Database } from '../postgres/pool.ts'
import type { Sql } from '../postgres/sql.ts'
import { type HotelClock, timeOr } from './clock.ts'
import { type FiringPorts, type NewFiring, writeFirings } from './firing-writes.ts'
import { type NominalTime, nominalTimes, timeBefore } from './nominal-times.ts'
import { NAMED, SCHEDULE_COLUMNS, type ScheduleRow } from './schedule-row.ts'

export const MOST_FIRINGS = 1_000
/** More are not counted: a range may be as long as a century. */
export const MOST_COUNTED = 3_000

export interface BackfillRange extends Pick<BackfillRequest, 'only_missing' | 'at_most'> {
  /** Both included. */
  from: Date
  to: Date
}

type Counted = { firings: number; have_run: number }

export type BackfillOutcome =
  | ({ kind: 'counted' } & Counted)
  | { kind: 'created'; backfill: Backfill }
  | { kind: 'not_found' }
  /** More than one backfill may have. */
  | { kind: 'too_many'; firings: number }
  | { kind: 'none'; have_run: number }

interface NamedTime extends NominalTime {
  previous: Date | undefined
}

export interface BackfillPorts extends FiringPorts {
  database: Database
  clock?: HotelClock | undefined
}

type Past = ScheduleRow & { now: Date }

/** Of a schedule named by id or slug. Without `who` its firings are only counted. */
export async function createBackfill(
  ports: BackfillPorts,
  id: string,
  range: BackfillRange,
  who: { by: string | null; note: string | null } | undefined,
): Promise<BackfillOutcome> {
  return ports.database.transaction(async (sql) => {
    // Locked: of two backfills at once the later one sees what the first has.
    const [schedule] = await sql.query<Past>(
      `select ${SCHEDULE_COLUMNS}, ${timeOr(2)} as now from prefect.schedules s
       where ${NAMED} for no key update`,
      [id, ports.clock?.now() ?? null],
    )
    return schedule ? backfill(sql, ports, schedule, range, who) : { kind: 'not_found' }
  })
}

/** Its row and all its firings in one commit: waiting, in the order of their times. */
async function backfill(
  sql: Sql,
  ports: FiringPorts,
  schedule: Past,
  range: BackfillRange,
  who: { by: string | null; note: string | null } | undefined,
): Promise<BackfillOutcome> {
  const { times, haveRun } = await timesOf(sql, schedule, range)
  if (times.length > MOST_FIRINGS) return { kind: 'too_many', firings: times.length }
  if (who === undefined) return { kind: 'counted', firings: times.length, have_run: haveRun }
  if (times.length === 0) return { kind: 'none', have_run: haveRun }
  const backfillId = idFrom('bf', randomBytes(16).toString('hex'))
  await sql.query(
    `insert into prefect.backfills (id, schedule_id, from_at, to_at, only_missing, at_most, firings, created_by, note)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      ...[backfillId, schedule.id, range.from, range.to, range.only_missing],
      ...[range.at_most, times.length, who.by, who.note],
    ],
  )
  const firings = times.map((time) => ({ schedule, firing: waitingFor(time, backfillId) }))
  await writeFirings(sql, ports, firings)
  return { kind: 'created', backfill: (await findBackfill(sql, backfillId)) as Backfill }
}

function waitingFor(time: NamedTime, series: string): NewFiring {
  return { ...time, series, kind: 'backfill', outcome: 'waiting', reason: 'backfill', detail: null }
}

/** Of the past alone: the next time of an active schedule comes by itself, also when only its jitter holds it back. */
async function timesOf(
  sql: Sql,
  schedule: Past,
  { from, to, only_missing }: BackfillRange,
): Promise<{ times: NamedTime[]; haveRun: number }> {
  const { now, active, next_nominal_at: next } = schedule
  const isPast = (at: Date) => at <= to && at <= now && !(active && next && at >= next)
  const ran = await timesThatRan(sql, schedule.slug, from, to)
  const times: NamedTime[] = []
  let haveRun = 0
  let previous = timeBefore(schedule, from)
  for (const time of nominalTimes(schedule, new Date(from.getTime() - 1))) {
    if (!isPast(time.at) || times.length === MOST_COUNTED) break
    if (ran.has(time.nominal)) haveRun += 1
    if (!only_missing || !ran.has(time.nominal)) times.push({ ...time, previous })
    previous = time.at
  }
  return { times, haveRun }
}

/** With a run, or waiting for their turn. */
async function timesThatRan(sql: Sql, slug: string, from: Date, to: Date): Promise<Set<string>> {
  const rows = await sql.query<{ nominal: string }>(
    `select distinct nominal from prefect.firings
     where schedule_id in (select id from prefect.schedules where slug = $1) and nominal_at between $2 and $3
       and kind <> 'manual' and (run_id is not null or outcome = 'waiting')`,
    [slug, from, to],
  )
  return new Set(rows.map(({ nominal }) => nominal))
}

interface BackfillRow
  extends Omit<Backfill, 'backfill_id' | 'from' | 'to' | 'created_at' | 'cancelled_at' | 'status'> {
  id: string
  from_at: Date
  to_at: Date
  created_at: Date
  cancelled_at: Date | null
}

const COLUMNS = `b.id, b.schedule_id, b.from_at, b.to_at, b.only_missing, b.at_most, b.firings, b.created_at, b.created_by, b.note,
  b.cancelled_at, b.cancelled_by,
  (select count(*)::int from prefect.firings f where f.series = b.id and f.outcome = 'waiting') as waiting,
  (select count(*)::int from prefect.firings f where f.series = b.id and f.open) as running,
  (select coalesce(jsonb_object_agg(e.status, e.runs), '{}') from (
     select coalesce(v.status, f.outcome) as status, count(*)::int as runs
     from prefect.firings f left join prefect.flow_run_states v on v.id = f.run_id
     where f.series = b.id and f.outcome <> 'waiting' and not f.open group by 1) e) as ended`

export async function findBackfill(sql: Sql, id: string): Promise<Backfill | undefined> {
  const [row] = await sql.query<BackfillRow>(`select ${COLUMNS} from prefect.backfills b where b.id = $1`, [
    id,
  ])
  return row && backfillOf(row)
}

/** Newest first, at most a hundred. `scheduleId`: its own id. */
export async function listBackfills(sql: Sql, scheduleId: string): Promise<Backfill[]> {
  const rows = await sql.query<BackfillRow>(
    `select ${COLUMNS} from prefect.backfills b where b.schedule_id = $1 order by b.created_at desc limit 100`,
    [scheduleId],
  )
  return rows.map(backfillOf)
}

function backfillOf({ id, from_at, to_at, created_at, cancelled_at, ...row }: BackfillRow): Backfill {
  const goesOn = row.waiting + row.running > 0
  return {
    ...row,
    backfill_id: id,
    from: instantText(from_at),
    to: instantText(to_at),
    status: cancelled_at !== null ? 'cancelled' : goesOn ? 'running' : 'completed',
    created_at: instantText(created_at),
    cancelled_at: instantText(cancelled_at),
  }
}

/** What waits does not start, what runs is cancelled; what has ended stays. Undefined: there is none. */
export async function cancelBackfill(
  { database, cancel }: { database: Database; cancel(runId: string): Promise<unknown> },
  id: string,
  by: string | null,
): Promise<Backfill | undefined> {
  const open = await database.transaction(async (sql) => {
    const [row] = await sql.query<{ schedule_id: string }>(
      `select s.id as schedule_id from prefect.backfills b join prefect.schedules s on s.id = b.schedule_id
       where b.id = $1 for no key update of s`,
      [id],
    )
    if (row === undefined) return undefined
    await sql.query(
      `update prefect.backfills set cancelled_at = coalesce(cancelled_at, clock_timestamp()),
         cancelled_by = case when cancelled_at is null then $2 else cancelled_by end where id = $1`,
      [id, by],
    )
    await sql.query(
      `update prefect.firings set outcome = 'cancelled', reason = 'backfill', detail = 'Its backfill was cancelled.',
         decided_at = clock_timestamp() where series = $1 and outcome = 'waiting'`,
      [id],
    )
    return sql.query<{ run_id: string }>('select run_id from prefect.firings where series = $1 and open', [
      id,
    ])
  })
  if (open === undefined) return undefined
  for (const { run_id } of open) await cancel(run_id)
  return findBackfill(database, id)
}
