/**
 * Looks once a second, and whenever something is due, for schedules to fire and firings to settle. Any number of these
 * may run: what one has locked the others leave out. The clock is the database's.
 */
import type { Logger } from '../observability/logger.ts'
import { isOutage } from '../postgres/outage.ts'
import type { Database } from '../postgres/pool.ts'
import type { Sql } from '../postgres/sql.ts'
import { type HotelClock, timeOr } from './clock.ts'
import { type DueSchedule, fire, lockDue } from './fire.ts'
import type { FiringPorts, WrittenFiring } from './firing-writes.ts'
import { runsToCancel, schedulesToSettle, settleSchedule } from './settle.ts'

const LOOK_MS = 1_000
/** Schedules that are fired in one transaction. */
const BATCH = 100
/** Transactions at the same time. */
const LANES = 2
/** A schedule that cannot be fired for a reason of its own is left alone for so long. */
const SET_ASIDE_SECONDS = 60

export interface SchedulerPorts extends FiringPorts {
  database: Database
  /** Default: the database's. */
  clock?: HotelClock | undefined
  cancel(runId: string): Promise<unknown>
  /** There are new runs. */
  wake(): void
  /** Told of each new firing. */
  fired(firing: WrittenFiring): void
  logger: Logger
}

export interface Scheduler {
  /** Something changed: look now. */
  look(): void
  /** Resolves when what is under way is committed. */
  close(): Promise<void>
}

export function startScheduler(ports: SchedulerPorts): Scheduler {
  const stop = new AbortController()
  let wakeUp = () => {}
  let asked = false
  let failing = false

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      asked = false
      const wait = await round(ports).then(
        (ms) => {
          failing = false
          return ms
        },
        (error: unknown) => {
          ports.logger[failing ? 'debug' : 'warn'](
            { err: error },
            'could not look at the schedules; trying again',
          )
          failing = true
          return LOOK_MS
        },
      )
      if (!asked)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, wait)
          wakeUp = () => {
            clearTimeout(timer)
            resolve()
          }
          if (stop.signal.aborted) wakeUp()
        })
    }
  }

  const running = run()
  const look = () => {
    asked = true
    wakeUp()
  }
  return {
    look,
    async close() {
      stop.abort()
      look()
      await running
    },
  }
}

/** Fires and settles all there is. Returns the milliseconds until something is due, at most LOOK_MS. */
async function round(ports: SchedulerPorts): Promise<number> {
  const found = await look(ports)
  if (found.ms <= 0) await Promise.all(Array.from({ length: LANES }, () => fireAll(ports)))
  if (found.ms <= 0 || found.unsettled) {
    for (const runId of await runsToCancel(ports.database)) await ports.cancel(runId)
    for (const id of await schedulesToSettle(ports.database)) await settle(ports, id)
  }
  const ms = found.ms <= 0 ? (await look(ports)).ms : found.ms
  return Math.min(LOOK_MS, Math.max(0, ms / (ports.clock?.pace ?? 1)))
}

/** One query, which is all that an idle scheduler asks: the milliseconds until the next is due, and whether any waits or runs. */
async function look({ database, clock }: SchedulerPorts): Promise<{ ms: number; unsettled: boolean }> {
  const [row] = await database.query<{ ms: number | null; unsettled: boolean }>(
    `select (extract(epoch from (
         select next_due_at from prefect.schedules
         where active and deleted_at is null and next_due_at is not null order by next_due_at limit 1
       ) - ${timeOr(1)}) * 1000)::float8 as ms,
       exists (select from prefect.firings where open) or exists (select from prefect.firings where outcome = 'waiting') as unsettled`,
    [clock?.now() ?? null],
  )
  return { ms: row?.ms ?? Number.POSITIVE_INFINITY, unsettled: row?.unsettled === true }
}

async function fireAll(ports: SchedulerPorts): Promise<void> {
  while ((await fireBatch(ports, BATCH)) === BATCH);
}

/** Returns how many schedules it were. One that cannot be fired must not take its neighbours along. */
async function fireBatch(ports: SchedulerPorts, most: number): Promise<number> {
  try {
    return await fireLocked(ports, (sql) => lockDue(sql, ports.clock, most))
  } catch (error) {
    if (isOutage(error)) throw error
    for (const id of await dueIds(ports, most)) await fireAlone(ports, id)
    return 0
  }
}

async function fireLocked(
  ports: SchedulerPorts,
  lock: (sql: Sql) => Promise<DueSchedule[]>,
): Promise<number> {
  const { schedules, firings } = await ports.database.transaction(async (sql) => {
    const schedules = await lock(sql)
    return { schedules: schedules.length, firings: await fire(sql, ports, schedules) }
  })
  if (firings.some(({ runId }) => runId !== undefined)) ports.wake()
  for (const firing of firings) ports.fired(firing)
  return schedules
}

async function dueIds({ database, clock }: SchedulerPorts, most: number): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    `select id from prefect.schedules where active and deleted_at is null and next_due_at <= ${timeOr(2)}
     order by next_due_at limit $1`,
    [most, clock?.now() ?? null],
  )
  return rows.map(({ id }) => id)
}

async function fireAlone(ports: SchedulerPorts, id: string): Promise<void> {
  try {
    await fireLocked(ports, (sql) => lockDue(sql, ports.clock, 1, id))
  } catch (error) {
    if (isOutage(error)) throw error
    ports.logger.error(
      { err: error, schedule_id: id },
      'a schedule could not be fired; set aside for a minute',
    )
    await ports.database.query(
      `update prefect.schedules set next_due_at = ${timeOr(3)} + make_interval(secs => $2) where id = $1`,
      [id, SET_ASIDE_SECONDS, ports.clock?.now() ?? null],
    )
  }
}

async function settle(ports: SchedulerPorts, id: string): Promise<void> {
  try {
    const { started, pausedAfter } = await ports.database.transaction((sql) => settleSchedule(sql, ports, id))
    if (started > 0) ports.wake()
    if (pausedAfter !== undefined)
      ports.logger.warn({ schedule_id: id, failures: pausedAfter }, 'schedule paused: its runs keep failing')
  } catch (error) {
    if (isOutage(error)) throw error
    ports.logger.error({ err: error, schedule_id: id }, 'a schedule could not be settled')
  }
}
