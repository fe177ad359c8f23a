/** Pausing, and what becomes of the times in between when it is resumed. */
import { changeSchedule, detailOf } from './change-schedule.ts'
import { type DueSchedule, nextColumns } from './fire.ts'
import { firstTime } from './nominal-times.ts'
import type { ScheduleOutcome, SchedulePorts, Schedules } from './schedule-service.ts'

export function pauseSchedule(
  ports: SchedulePorts,
  id: string,
  { by, note }: { by: string | null; note: string | null },
): Promise<ScheduleOutcome> {
  return changeSchedule(ports, id, async (sql, schedule) => {
    await sql.query(
      `update prefect.schedules set active = false, next_due_at = null, pause_reason = 'person', paused_by = $2,
         pause_note = $3, paused_at = case when active then clock_timestamp() else coalesce(paused_at, clock_timestamp()) end
       where id = $1`,
      [schedule.id, by, note],
    )
    return { kind: 'done' as const, schedule: await detailOf(sql, schedule.id) }
  })
}

export function resumeSchedule(
  ports: SchedulePorts,
  id: string,
  { by, missed }: { by: string | null; missed: 'skip' | 'last' | 'all' | undefined },
): ReturnType<Schedules['resume']> {
  return changeSchedule(ports, id, async (sql, schedule) => {
    if (schedule.active) return { kind: 'done' as const, schedule: await detailOf(sql, schedule.id) }
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
    return { kind: 'done' as const, schedule: await detailOf(sql, schedule.id) }
  })
}

/** More are not counted. */
export const MOST_MISSED = 1_000

/** Times that passed while it was paused. */
function missedBy(schedule: DueSchedule): number {
  let count = 0
  for (let at: Date | undefined = schedule.decided_until; at && count < MOST_MISSED; count++) {
    at = firstTime(schedule.slug, schedule.definition, at)?.at
    if (at === undefined || at > schedule.now) break
  }
  return count
}
