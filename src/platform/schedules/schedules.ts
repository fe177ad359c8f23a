/** Schedules as people and files handle them: declared, changed, paused, resumed, run now, removed. */
import { randomBytes } from 'node:crypto'
import type {
  ScheduleDefinition,
  ScheduleDetail,
  ScheduleOrigin,
  ScheduleRequest,
  ScheduleUpdate,
} from '../contract/schedule.ts'
import type { Backfill, PreviewAnswer } from '../contract/schedule-control.ts'
import { idFrom } from '../engine/ids.ts'
import type { Database } from '../postgres/pool.ts'
import type { Sql } from '../postgres/sql.ts'
import { localText } from '../time/local-text.ts'
import { type BackfillOutcome, type BackfillRange, cancelBackfill, createBackfill } from './backfills.ts'
import { type HotelClock, timeOf } from './clock.ts'
import { listCalendars } from './closed-dates.ts'
import {
  BadSchedule,
  calendarErrors,
  completed,
  type DeclarePorts,
  declare,
  firstTime,
  slugOf,
  timingErrors,
} from './declare.ts'
import { type DueSchedule, fire, nextColumns, readSituations } from './fire.ts'
import { type FiringPorts, writeFirings } from './firing-writes.ts'
import { type Previewed, previewSchedule } from './preview.ts'
import { findSchedule } from './schedule-list.ts'
import { timezoneOf } from './schedule-row.ts'
import type { Language } from './timing/describe.ts'

export interface SchedulePorts extends FiringPorts {
  database: Database
  /** IANA name: of a schedule that names none. */
  timezone: string
  /** Default: the database's. */
  clock?: HotelClock | undefined
  /** Of a preview, where nobody asks for another. */
  language: Language
  cancel(runId: string): Promise<unknown>
  /** Something changed: the scheduler in this process looks at once. */
  changed(): void
  /** There are new runs. */
  wake(): void
}

export type ScheduleOutcome =
  | { kind: 'done'; schedule: ScheduleDetail }
  | { kind: 'not_found' }
  | { kind: 'stale'; version: number }

export interface Schedules {
  /** `taken`: the slug is another one's. `same`: it was there already, declared alike. Throws BadSchedule, UnknownWorkflow. */
  create(
    request: ScheduleRequest,
    who: { by: string | null; origin: ScheduleOrigin },
  ): Promise<{ kind: 'created' | 'same' | 'taken'; schedule: ScheduleDetail }>
  /** `removed`: nominal times ahead that will not come any more. Throws BadSchedule, UnknownWorkflow. */
  update(
    id: string,
    changes: ScheduleUpdate,
    by: string | null,
    origin?: ScheduleOrigin,
  ): Promise<ScheduleOutcome & { removed?: string[] }>
  pause(id: string, how: { by: string | null; note: string | null }): Promise<ScheduleOutcome>
  /** `ask`: times were missed, and nobody said what to do with them. */
  resume(
    id: string,
    how: { by: string | null; missed: 'skip' | 'last' | 'all' | undefined },
  ): Promise<ScheduleOutcome | { kind: 'ask'; missed: number }>
  /** Runs go on; firings that wait are cancelled. */
  remove(id: string, by: string | null): Promise<ScheduleOutcome>
  /** Now, whatever still runs. The same `key` finds the first run. */
  runNow(
    id: string,
    how: { by: string | null; key: string | undefined },
  ): Promise<{ kind: 'started'; runId: string } | { kind: 'refused'; detail: string } | { kind: 'not_found' }>
  /** Without `who` it is only counted. */
  backfill(
    id: string,
    range: BackfillRange,
    who: { by: string | null; note: string | null } | undefined,
  ): Promise<BackfillOutcome | { kind: 'not_found' }>
  cancelBackfill(id: string, by: string | null): Promise<Backfill | undefined>
  /** Of one that is kept or not. Default: from now, in the hotel's language. Throws BadSchedule. */
  preview(
    definition: Previewed,
    options: { count: number; after?: Date | undefined; language?: Language | undefined },
  ): Promise<PreviewAnswer>
}

/** By id or slug. */
const BY_ID = '(s.id = $1 or s.slug = $1) and s.deleted_at is null'

export function createSchedules(ports: SchedulePorts): Schedules {
  const { database } = ports
  const declaring: DeclarePorts = { ...ports, calendars: () => listCalendars(database) }
  const detail = async (sql: Sql, id: string) => {
    const schedule = await findSchedule(sql, id)
    if (schedule === undefined) throw new Error(`The schedule ${id} was written and cannot be found.`)
    return schedule
  }

  /** Locks it, decides what is due by now (also what only its jitter holds back), and hands it on. */
  async function change<T>(
    id: string,
    body: (sql: Sql, schedule: DueSchedule) => Promise<T>,
  ): Promise<T | { kind: 'not_found' }> {
    const outcome = await database.transaction(async (sql) => {
      const [found] = await sql.query<{ id: string }>(
        `select s.id from prefect.schedules s where ${BY_ID} for no key update`,
        [id],
      )
      if (found === undefined) return { kind: 'not_found' as const }
      return body(sql, await settledNow(sql, ports, found.id))
    })
    ports.changed()
    ports.wake()
    return outcome
  }

  return {
    async create(request, { by, origin }) {
      const now = await timeOf(database, ports.clock)
      const definition = await declare(declaring, request, now)
      const slug = request.slug ?? slugOf(request.name)
      const next = firstTime(slug, definition, now)
      if (next === undefined) throw neverFires(definition)
      const id = idFrom('sched', randomBytes(16).toString('hex'))
      const rows = await database.query<{ id: string }>(
        `insert into prefect.schedules (id, slug, definition, origin, created_by, updated_by, active, paused_at, paused_by,
           pause_reason, decided_until, next_nominal_at, next_nominal, next_due_at, remaining)
         values ($1, $2, $3, $4, $5, $5, $6, case when not $6 then clock_timestamp() end, case when not $6 then $5 end,
           case when not $6 then 'person' end, $7, $8, $9, case when $6 then $10::timestamptz end, $11)
         on conflict (slug) where deleted_at is null do nothing returning id`,
        [
          ...[id, slug, JSON.stringify(definition), origin, by, request.active, now],
          ...[next.at, next.nominal, next.due, definition.remaining],
        ],
      )
      ports.changed()
      if (rows.length > 0) return { kind: 'created', schedule: await detail(database, id) }
      const known = await detail(database, slug)
      return { kind: isSame(known.definition, definition, request) ? 'same' : 'taken', schedule: known }
    },

    update: (id, { version, ...changes }, by, origin) =>
      change(id, async (sql, schedule) => {
        if (schedule.version !== version) return { kind: 'stale' as const, version: schedule.version }
        const asked: ScheduleDefinition = { ...schedule.definition, ...defined(changes) }
        const definition = await declare(declaring, { ...asked, active: schedule.active }, schedule.now)
        const next = firstTime(schedule.slug, definition, schedule.now)
        if (next === undefined) throw neverFires(definition)
        const remaining = 'remaining' in defined(changes) ? definition.remaining : schedule.remaining
        await sql.query(
          `update prefect.schedules set definition = $2, version = version + 1, updated_at = clock_timestamp(), updated_by = $3,
             origin = coalesce($4, origin), decided_until = case when active then $5 else decided_until end,
             next_nominal_at = $6, next_nominal = $7, next_due_at = case when active then $8::timestamptz end,
             remaining = $9, failures_in_a_row = 0
           where id = $1`,
          [
            ...[schedule.id, JSON.stringify(definition), by, origin ?? null, schedule.now],
            ...[next.at, next.nominal, next.due, remaining],
          ],
        )
        const removed = removedBy(schedule, next.at)
        return { kind: 'done' as const, schedule: await detail(sql, schedule.id), removed }
      }),

    pause: (id, { by, note }) =>
      change(id, async (sql, schedule) => {
        await sql.query(
          `update prefect.schedules set active = false, next_due_at = null, pause_reason = 'person', paused_by = $2,
             pause_note = $3, paused_at = case when active then clock_timestamp() else coalesce(paused_at, clock_timestamp()) end
           where id = $1`,
          [schedule.id, by, note],
        )
        return { kind: 'done' as const, schedule: await detail(sql, schedule.id) }
      }),

    resume: (id, { by, missed }) =>
      change(id, async (sql, schedule) => {
        if (schedule.active) return { kind: 'done' as const, schedule: await detail(sql, schedule.id) }
        const count = missedBy(schedule)
        if (count > 0 && missed === undefined) return { kind: 'ask' as const, missed: count }
        const next = firstTime(schedule.slug, schedule.definition, schedule.decided_until)
        const columns = nextColumns(next)
        await sql.query(
          `update prefect.schedules set active = true, paused_at = null, paused_by = null, pause_note = null,
             pause_reason = null, failures_in_a_row = 0, catch_up_until = $2, catch_up_as = $3, updated_by = $4,
             next_nominal_at = $5, next_nominal = $6, next_due_at = $7
           where id = $1`,
          [
            ...[schedule.id, schedule.now, missed ?? 'skip', by],
            ...[columns.next_nominal_at, columns.next_nominal, columns.next_due_at],
          ],
        )
        return { kind: 'done' as const, schedule: await detail(sql, schedule.id) }
      }),

    remove: (id, by) =>
      change(id, async (sql, schedule) => {
        const known = await detail(sql, schedule.id)
        await sql.query(
          `update prefect.firings set outcome = 'cancelled', reason = 'removed', detail = 'Its schedule was deleted.',
             decided_at = clock_timestamp() where schedule_id = $1 and outcome = 'waiting'`,
          [schedule.id],
        )
        await sql.query(
          `update prefect.schedules set deleted_at = clock_timestamp(), updated_by = $2, updated_at = clock_timestamp(),
             active = false, next_due_at = null where id = $1`,
          [schedule.id, by],
        )
        return { kind: 'done' as const, schedule: known }
      }),

    runNow: (id, { by, key }) =>
      change(id, async (sql, schedule) => {
        const series = idFrom('now', schedule.slug, key ?? randomBytes(16).toString('hex'))
        const { now } = schedule
        const nominal = localText(now, timezoneOf(schedule.definition)).slice(0, 19)
        const detail = by === null ? null : `Asked for by ${by}.`
        const firing = { series, nominal, at: now, due: now, previous: undefined, detail }
        const known = await firstOfSeries(sql, series)
        if (known) return { kind: 'started' as const, runId: known }
        const written = await writeFirings(sql, ports, [
          { schedule, firing: { ...firing, kind: 'manual', outcome: 'started', reason: null } },
        ])
        const [{ firing: made } = { firing: undefined }] = written
        if (made?.runId !== undefined) return { kind: 'started' as const, runId: made.runId }
        return { kind: 'refused' as const, detail: made?.detail ?? 'It could not be started.' }
      }),

    backfill: (id, range, who) =>
      change(id, (sql, schedule) => createBackfill(sql, ports, schedule, range, who)),

    cancelBackfill: (id, by) => cancelBackfill(ports, id, by),

    async preview(asked, { count, after, language = ports.language }) {
      const now = await timeOf(database, ports.clock)
      const definition = completed(asked, ports.timezone, now)
      const errors = [...timingErrors(definition), ...(await calendarErrors(declaring, definition))]
      if (errors.length > 0) throw new BadSchedule(errors)
      return previewSchedule(database, definition, { after: after ?? now, count, language })
    },
  }
}

async function firstOfSeries(sql: Sql, series: string): Promise<string | undefined> {
  const [row] = await sql.query<{ run_id: string | null }>(
    `select run_id from prefect.firings where series = $1 limit 1`,
    [series],
  )
  return row?.run_id ?? undefined
}

/** What is due, and what only its jitter holds back, is decided by the declaration that is in force. */
async function settledNow(sql: Sql, ports: SchedulePorts, id: string): Promise<DueSchedule> {
  const read = async () => (await readSituations(sql, ports.clock, [id]))[0] as DueSchedule
  const schedule = await read()
  const { active, next_nominal_at: nominal, next_due_at: due, now } = schedule
  if (!active || nominal === null || nominal > now) return schedule
  await fire(sql, ports, [{ ...schedule, now: due && due > now ? due : now }])
  return read()
}

const MOST_COUNTED = 1_000

/** Times that passed while it was paused. */
function missedBy(schedule: DueSchedule): number {
  let count = 0
  for (let at: Date | undefined = schedule.decided_until; at && count < MOST_COUNTED; count++) {
    at = firstTime(schedule.slug, schedule.definition, at)?.at
    if (at === undefined || at > schedule.now) break
  }
  return count
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
