/** Keeping what somebody declares: a new schedule, or another declaration of one that is there. */
import { randomBytes } from 'node:crypto'
import type {
  ScheduleDefinition,
  ScheduleOrigin,
  ScheduleRequest,
  ScheduleUpdate,
} from '../contract/schedule.ts'
import { idFrom } from '../engine/ids.ts'
import { changeSchedule, detailOf } from './change-schedule.ts'
import { timeOf } from './clock.ts'
import { listCalendars } from './closed-dates.ts'
import { BadSchedule, type DeclarePorts, declare, slugOf } from './declare.ts'
import type { DueSchedule } from './fire.ts'
import { firstTime } from './nominal-times.ts'
import type { SchedulePorts, Schedules } from './schedule-service.ts'

export function declaringPorts(ports: SchedulePorts): DeclarePorts {
  return { calendars: () => listCalendars(ports.database), ...ports }
}

export async function createSchedule(
  ports: SchedulePorts,
  request: ScheduleRequest,
  { by, origin }: { by: string | null; origin: ScheduleOrigin },
): ReturnType<Schedules['create']> {
  const { database } = ports
  const now = await timeOf(database, ports.clock)
  const definition = await declare(declaringPorts(ports), request, now)
  const slug = request.slug ?? slugOf(request.name)
  const next = firstTime(slug, definition, now)
  if (next === undefined) throw neverFires(definition)
  const id = idFrom('sched', randomBytes(16).toString('hex'))
  const rows = await database.query<{ id: string }>(
    `insert into prefect.schedules (id, slug, definition, origin, created_by, updated_by, active, paused_at, paused_by,
       pause_reason, decided_until, next_nominal_at, next_nominal, next_due_at, remaining, applied)
     values ($1, $2, $3, $4, $5, $5, $6, case when not $6 then clock_timestamp() end, case when not $6 then $5 end,
       case when not $6 then 'person' end, $7, $8, $9, case when $6 then $10::timestamptz end, $11,
       case when $4 = 'file' then $3::jsonb end)
     on conflict (slug) where deleted_at is null do nothing returning id`,
    [
      ...[id, slug, JSON.stringify(definition), origin, by, request.active, now],
      ...[next.at, next.nominal, next.due, definition.remaining],
    ],
  )
  ports.changed()
  if (rows.length > 0) return { kind: 'created', schedule: await detailOf(database, id) }
  const known = await detailOf(database, slug)
  return { kind: isSame(known.definition, definition, request) ? 'same' : 'taken', schedule: known }
}

export function updateSchedule(
  ports: SchedulePorts,
  id: string,
  { version, ...changes }: ScheduleUpdate,
  by: string | null,
  applied: ScheduleDefinition | undefined,
): ReturnType<Schedules['update']> {
  return changeSchedule(ports, id, async (sql, schedule) => {
    if (schedule.version !== version) return { kind: 'stale' as const, version: schedule.version }
    const asked: ScheduleDefinition = { ...schedule.definition, ...defined(changes) }
    const definition = await declare(
      declaringPorts(ports),
      { ...asked, active: schedule.active },
      schedule.now,
    )
    const next = firstTime(schedule.slug, definition, schedule.now)
    if (next === undefined) throw neverFires(definition)
    const remaining = 'remaining' in defined(changes) ? definition.remaining : schedule.remaining
    await sql.query(
      `update prefect.schedules set definition = $2, version = version + 1, updated_at = clock_timestamp(), updated_by = $3,
         applied = coalesce($4::jsonb, applied), decided_until = case when active then $5 else decided_until end,
         next_nominal_at = $6, next_nominal = $7, next_due_at = case when active then $8::timestamptz end,
         remaining = $9, failures_in_a_row = 0
       where id = $1`,
      [
        ...[schedule.id, JSON.stringify(definition), by, applied && JSON.stringify(applied), schedule.now],
        ...[next.at, next.nominal, next.due, remaining],
      ],
    )
    const removed = removedBy(schedule, next.at)
    return { kind: 'done' as const, schedule: await detailOf(sql, schedule.id), removed }
  })
}

/** Of the declaration before: the next time, where it does not come any more. */
function removedBy({ next_nominal, next_nominal_at }: DueSchedule, next: Date): string[] {
  return next_nominal !== null && next_nominal_at?.getTime() !== next.getTime() ? [next_nominal] : []
}

function neverFires({ schedule }: ScheduleDefinition): BadSchedule {
  const field = { cron: 'cron', interval: 'every_seconds', once: 'at' }[schedule.type]
  const message =
    schedule.type === 'once'
      ? 'is in the past'
      : 'never comes between starts_at and ends_at: change one of them'
  return new BadSchedule([{ path: `body.schedule.${field}`, message }])
}

function defined(changes: Omit<ScheduleUpdate, 'version'>): Partial<ScheduleDefinition> {
  return Object.fromEntries(
    Object.entries(changes).filter(([, value]) => value !== undefined),
  ) as Partial<ScheduleDefinition>
}

/** Declared alike; an anchor that was not given is the first declaration's. */
function isSame(
  known: ScheduleDefinition,
  asked: ScheduleDefinition,
  { schedule }: ScheduleRequest,
): boolean {
  const anchored = (of: ScheduleDefinition) =>
    schedule.type === 'interval' && schedule.anchor === undefined
      ? { ...of, schedule: { ...of.schedule, anchor: undefined } }
      : of
  return JSON.stringify(sorted(anchored(known))) === JSON.stringify(sorted(anchored(asked)))
}

/** PostgreSQL keeps the members of an object in an order of its own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]))
}
