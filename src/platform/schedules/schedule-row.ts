/** A schedule as it is kept: what was declared, and how far it has come. */
import type { ScheduleDefinition, ScheduleOrigin } from '../contract/schedule.ts'
import { toInstant } from '../time/local-time.ts'
import type { Timing } from './timing/timing.ts'

export interface ScheduleRow {
  id: string
  slug: string
  /** With a timezone, and an interval's anchor. */
  definition: ScheduleDefinition
  origin: ScheduleOrigin
  version: number
  created_at: Date
  created_by: string | null
  updated_at: Date
  updated_by: string | null
  active: boolean
  paused_at: Date | null
  paused_by: string | null
  pause_note: string | null
  pause_reason: 'person' | 'failures' | null
  /** Every nominal time up to here has its firing, or was never meant to. */
  decided_until: Date
  next_nominal_at: Date | null
  next_nominal: string | null
  next_due_at: Date | null
  catch_up_until: Date | null
  catch_up_as: 'skip' | 'last' | 'all' | null
  remaining: number | null
  failures_in_a_row: number
}

/** With the alias `s`: the one that $1 names, by id or slug. */
export const NAMED = '(s.id = $1 or s.slug = $1) and s.deleted_at is null'

/** With the alias `s`. */
export const SCHEDULE_COLUMNS = `s.id, s.slug, s.definition, s.origin, s.version, s.created_at, s.created_by, s.updated_at,
  s.updated_by, s.active, s.paused_at, s.paused_by, s.pause_note, s.pause_reason, s.decided_until, s.next_nominal_at,
  s.next_nominal, s.next_due_at, s.catch_up_until, s.catch_up_as, s.remaining, s.failures_in_a_row`

export function timezoneOf({ schedule }: Pick<ScheduleDefinition, 'schedule'>): string {
  return schedule.timezone ?? 'UTC'
}

export function timingOf({ schedule }: Pick<ScheduleDefinition, 'schedule'>): Timing {
  const timezone = timezoneOf({ schedule })
  switch (schedule.type) {
    case 'cron':
      return { type: 'cron', cron: schedule.cron, timezone }
    case 'interval': {
      const anchor = toInstant(schedule.anchor ?? '1970-01-01T00:00:00Z', timezone)
      return { type: 'interval', every_seconds: schedule.every_seconds, anchor, timezone }
    }
    case 'once':
      return { type: 'once', at: toInstant(schedule.at, timezone), timezone }
  }
}
