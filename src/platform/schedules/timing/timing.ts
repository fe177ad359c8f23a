/** When a schedule is due, and one time at which it is. */
export type Timing =
  | { type: 'cron'; cron: string; timezone: string }
  | { type: 'interval'; every_seconds: number; anchor: Date; timezone: string }
  | { type: 'once'; at: Date; timezone: string }

export interface Occurrence {
  /**
   * The nominal local time, unique within its schedule: '2026-03-29T02:30:00', what the schedule says, also where the clocks
   * jump over it. Only the second pass of a time that the clocks show twice carries its offset: '2026-10-25T02:30:00+01:00'.
   */
  key: string
  /** The instant it is due, before jitter. */
  at: Date
  /** Its local time does not exist: this is the first instant after the gap. */
  moved?: 'gap'
}
