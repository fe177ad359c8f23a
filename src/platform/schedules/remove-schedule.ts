/** Deleting a schedule: its row and its firings stay on record, its slug is free again. */
import { changeSchedule, detailOf } from './change-schedule.ts'
import type { ScheduleOutcome, SchedulePorts } from './schedule-service.ts'

/** Runs go on; firings that wait are cancelled. */
export function removeSchedule(
  ports: SchedulePorts,
  id: string,
  by: string | null,
): Promise<ScheduleOutcome> {
  return changeSchedule(ports, id, async (sql, schedule) => {
    const known = await detailOf(sql, schedule.id)
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
  })
}
