/** What a schedule would do: the next times, each with what clocks, blackouts and calendars make of it. */
import type { ScheduleDefinition } from '../contract/schedule.ts'
import type { PreviewAnswer } from '../contract/schedule-control.ts'
import type { Sql } from '../postgres/sql.ts'
import { localText } from '../time/local-text.ts'
import { toInstant } from '../time/local-time.ts'
import { closedAt } from './closed-at.ts'
import { readClosedDates } from './closed-dates.ts'
import { nominalTimes } from './nominal-times.ts'
import { timezoneOf, timingOf } from './schedule-row.ts'
import { describeTiming, type Language } from './timing/describe.ts'
import { previewTimes } from './timing/preview-times.ts'

export interface Previewed
  extends Pick<
    ScheduleDefinition,
    'schedule' | 'blackouts' | 'closed_dates' | 'starts_at' | 'ends_at' | 'jitter_seconds' | 'remaining'
  > {
  slug: string
}

/** `count` times that run, fewer where fewer remain, and those between them that do not. */
export async function previewSchedule(
  sql: Sql,
  definition: Previewed,
  { after, count, language }: { after: Date; count: number; language: Language },
): Promise<PreviewAnswer> {
  const timezone = timezoneOf(definition)
  const timing = timingOf(definition)
  const instant = (text: string | null) => (text === null ? undefined : toInstant(text, timezone))
  const [startsAt, until] = [instant(definition.starts_at), instant(definition.ends_at)]
  const closed = await closedAt(definition, await readClosedDates(sql, definition.closed_dates))
  const from = startsAt && startsAt > after ? new Date(startsAt.getTime() - 1) : after
  const runs = Math.min(count, definition.remaining ?? count)
  const { times, truncated } =
    runs === 0 ? { times: [] } : previewTimes(timing, { after: from, count: runs, closed, until, language })
  // The same times in the same order.
  const due = nominalTimes({ slug: definition.slug, definition }, after)
  return {
    in_words: describeTiming(timing, language),
    timezone,
    times: times.map(({ key, at, ...rest }) => {
      const next = due.next()
      const due_at = localText(next.done ? at : next.value.due, timezone)
      return { nominal: key, nominal_at: localText(at, timezone), due_at, ...rest }
    }),
    truncated: truncated ?? null,
  }
}
