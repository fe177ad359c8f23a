/** Schedules as people and files handle them: what may be asked of them, and how it may end. */
import type {
  ScheduleDefinition,
  ScheduleDetail,
  ScheduleOrigin,
  ScheduleRequest,
  ScheduleUpdate,
} from '../contract/schedule.ts'
import type { Backfill, PreviewAnswer } from '../contract/schedule-control.ts'
import type { Database } from '../postgres/pool.ts'
import type { BackfillOutcome, BackfillRange } from './backfills.ts'
import type { HotelClock } from './clock.ts'
import type { FiringPorts } from './firing-writes.ts'
import type { Previewed } from './preview.ts'
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
  /** Calendars of closed dates that may be named beside those of countries. Default: those that have dates. */
  calendars?(): Promise<readonly string[]>
  /** Something changed: the scheduler in this process looks at once. */
  changed(): void
  /** There are new runs. */
  wake(): void
}

export type ScheduleOutcome = { kind: 'done'; schedule: ScheduleDetail } | { kind: 'not_found' }

export interface Schedules {
  /** `taken`: the slug is another one's. `same`: it was there already, declared alike. Throws BadSchedule, UnknownWorkflow. */
  create(
    request: ScheduleRequest,
    who: { by: string | null; origin: ScheduleOrigin },
  ): Promise<{ kind: 'created' | 'same' | 'taken'; schedule: ScheduleDetail }>
  /**
   * `stale`: somebody changed it since; `version` is in force. `removed`: nominal times ahead that will not come any more. `applied`: what a file declares it as, where the changes
   * are a file's. Throws BadSchedule, UnknownWorkflow.
   */
  update(
    id: string,
    changes: ScheduleUpdate,
    by: string | null,
    applied?: ScheduleDefinition,
  ): Promise<
    | { kind: 'done'; schedule: ScheduleDetail; removed: string[] }
    | { kind: 'not_found' }
    | { kind: 'stale'; version: number }
  >
  pause(id: string, how: { by: string | null; note: string | null }): Promise<ScheduleOutcome>
  /** `ask`: times were missed, and nobody said what to do with them. */
  resume(
    id: string,
    how: { by: string | null; missed: 'skip' | 'last' | 'all' | undefined },
  ): Promise<ScheduleOutcome | { kind: 'ask'; missed: number }>
  /** Runs go on; firings that wait are cancelled. */
  remove(id: string, by: string | null): Promise<ScheduleOutcome>
  /** Now, whatever still runs. The same `key` finds the first run: then `created` is false. */
  runNow(
    id: string,
    how: { by: string | null; key: string | undefined },
  ): Promise<
    | { kind: 'started'; runId: string; created: boolean }
    | { kind: 'refused'; detail: string }
    | { kind: 'not_found' }
  >
  /** Without `who` it is only counted. */
  backfill(
    id: string,
    range: BackfillRange,
    who: { by: string | null; note: string | null } | undefined,
  ): Promise<BackfillOutcome>
  cancelBackfill(id: string, by: string | null): Promise<Backfill | undefined>
  /** Of one that is kept or not. Default: from now, in the hotel's language. Throws BadSchedule. */
  preview(
    definition: Previewed,
    options: { count: number; after?: Date | undefined; language?: Language | undefined },
  ): Promise<PreviewAnswer>
}
