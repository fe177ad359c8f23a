/**
 * Firing what is due: the schedules are locked, their nominal times decided, the rows written, the runs started and the
 * next time set in one transaction. Any number of schedulers may do this at once: each takes what the others have not
 * locked, and a nominal time has one row.
 */
import type { Sql } from '../postgres/sql.ts'
import { runIsOver } from '../runs/run-is-over.ts'
import { type HotelClock, timeOr } from './clock.ts'
import { closedAt } from './closed-at.ts'
import { type ClosedDates, readClosedDates } from './closed-dates.ts'
import { type FiringPlan, planFirings, SUPERSEDED } from './firing-plan.ts'
import { type FiringPorts, type WrittenFiring, writeFirings } from './firing-writes.ts'
import type { NominalTime } from './nominal-times.ts'
import { SCHEDULE_COLUMNS, type ScheduleRow } from './schedule-row.ts'

export interface DueSchedule extends ScheduleRow {
  now: Date
  open: number
  waiting: number
  lateMs: number
}

/** Later than this after it was due, a time counts as missed. */
const LATE_MS = 10_000

const OPEN = `(select count(*)::int from prefect.firings f
  where f.schedule_id = s.id and f.open and f.kind = 'schedule' and not ${runIsOver('f.run_id')})`
const WAITING = `(select count(*)::int from prefect.firings f
  where f.schedule_id = s.id and f.outcome = 'waiting' and f.kind = 'schedule')`

/** Locks at most so many schedules that are due, or that one if it is, and of those only what nobody else has. */
export async function lockDue(
  sql: Sql,
  clock: HotelClock | undefined,
  most: number,
  id?: string,
): Promise<DueSchedule[]> {
  const ids = await sql.query<{ id: string }>(
    `select id from prefect.schedules
     where active and deleted_at is null and next_due_at <= ${timeOr(3)} and ($2::text is null or id = $2)
     order by next_due_at limit $1 for no key update skip locked`,
    [most, id ?? null, clock?.now() ?? null],
  )
  return readSituations(
    sql,
    clock,
    ids.map(({ id }) => id),
  )
}

/** What the schedules are decided by. Lock their rows first. */
export async function readSituations(
  sql: Sql,
  clock: HotelClock | undefined,
  ids: readonly string[],
): Promise<DueSchedule[]> {
  if (ids.length === 0) return []
  const pace = clock?.pace ?? 1
  const rows = await sql.query<Omit<DueSchedule, 'lateMs'>>(
    `select ${SCHEDULE_COLUMNS}, ${timeOr(2)} as now, ${OPEN} as open, ${WAITING} as waiting
     from prefect.schedules s where s.id = any($1)`,
    [ids, clock?.now() ?? null],
  )
  return rows.map((row) => ({ ...row, lateMs: LATE_MS * pace }))
}

/** Decides the nominal times of locked schedules. Returns the new firings. */
export async function fire(
  sql: Sql,
  ports: FiringPorts,
  schedules: readonly DueSchedule[],
): Promise<WrittenFiring[]> {
  const dates = await readClosedDates(
    sql,
    schedules.flatMap(({ definition }) => definition.closed_dates),
  )
  const plans: { schedule: DueSchedule; plan: FiringPlan }[] = []
  for (const schedule of schedules) plans.push({ schedule, plan: await planOf(schedule, dates) })
  for (const { schedule, plan } of plans) if (plan.supersedes) await supersedeWaiting(sql, schedule.id)
  const written = await writeFirings(
    sql,
    ports,
    plans.flatMap(({ schedule, plan }) =>
      plan.firings.map((firing) => ({
        schedule,
        firing: { series: '', kind: 'schedule' as const, ...firing },
      })),
    ),
  )
  await moveOn(sql, plans)
  return written.map(({ firing }) => firing)
}

async function planOf(schedule: DueSchedule, dates: ClosedDates): Promise<FiringPlan> {
  const closed = await closedAt(schedule.definition, dates)
  return planFirings(schedule, { ...schedule, closed })
}

async function supersedeWaiting(sql: Sql, scheduleId: string): Promise<void> {
  const { outcome, reason, detail } = SUPERSEDED
  await sql.query(
    `update prefect.firings set outcome = $2, reason = $3, detail = $4, decided_at = clock_timestamp()
     where schedule_id = $1 and outcome = 'waiting' and kind = 'schedule'`,
    [scheduleId, outcome, reason, detail],
  )
}

async function moveOn(
  sql: Sql,
  plans: readonly { schedule: DueSchedule; plan: FiringPlan }[],
): Promise<void> {
  const rows = plans.map(({ schedule, plan }) => ({
    id: schedule.id,
    decided_until: plan.decidedUntil,
    ...nextColumns(plan.next),
    remaining: plan.remaining,
  }))
  await sql.query(
    `update prefect.schedules s
     set decided_until = x.decided_until, next_nominal_at = x.next_nominal_at, next_nominal = x.next_nominal,
         next_due_at = x.next_due_at, remaining = x.remaining
     from jsonb_to_recordset($1::jsonb) as x(id text, decided_until timestamptz, next_nominal_at timestamptz,
       next_nominal text, next_due_at timestamptz, remaining int)
     where s.id = x.id`,
    [JSON.stringify(rows)],
  )
}

/** As its columns; undefined: none. */
export function nextColumns(next: NominalTime | undefined) {
  return {
    next_nominal_at: next?.at ?? null,
    next_nominal: next?.nominal ?? null,
    next_due_at: next?.due ?? null,
  }
}
