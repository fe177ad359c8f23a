/** Every change of a schedule goes the same way: it is locked, what is due is decided first, and then it is changed. */
import type { ScheduleDetail } from '../contract/schedule.ts'
import type { Sql } from '../postgres/sql.ts'
import { type DueSchedule, fire, readSituations } from './fire.ts'
import { findSchedule } from './schedule-list.ts'
import { NAMED } from './schedule-row.ts'
import type { SchedulePorts } from './schedule-service.ts'

/** Locks it, decides what is due by now (also what only its jitter holds back), and hands it on. */
export async function changeSchedule<T>(
  ports: SchedulePorts,
  id: string,
  body: (sql: Sql, schedule: DueSchedule) => Promise<T>,
): Promise<T | { kind: 'not_found' }> {
  const outcome = await ports.database.transaction(async (sql) => {
    const [found] = await sql.query<{ id: string }>(
      `select s.id from prefect.schedules s where ${NAMED} for no key update`,
      [id],
    )
    if (found === undefined) return { kind: 'not_found' as const }
    return body(sql, await settledNow(sql, ports, found.id))
  })
  ports.changed()
  ports.wake()
  return outcome
}

/** What is due, and what only its jitter holds back, is decided by the declaration that is in force. */
async function settledNow(sql: Sql, ports: SchedulePorts, id: string): Promise<DueSchedule> {
  const read = async () => (await readSituations(sql, ports.clock, [id]))[0] as DueSchedule
  let schedule = await read()
  // The same now throughout: a time that comes meanwhile is the next declaration's.
  const { now } = schedule
  // Several times over: what is decided at once is bounded, and behind what is due may be what its jitter holds back.
  while (schedule.active && schedule.next_nominal_at !== null && schedule.next_nominal_at <= now) {
    const { next_nominal_at: nominal, next_due_at: due } = schedule
    await fire(sql, ports, [{ ...schedule, now: due && due > now ? due : now }])
    schedule = { ...(await read()), now }
    if (schedule.next_nominal_at?.getTime() === nominal.getTime()) break
  }
  return schedule
}

/** One that was written a moment ago. */
export async function detailOf(sql: Sql, id: string): Promise<ScheduleDetail> {
  const schedule = await findSchedule(sql, id)
  if (schedule === undefined) throw new Error(`The schedule ${id} was written and cannot be found.`)
  return schedule
}
