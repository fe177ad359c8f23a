import { z } from 'zod'
import { isWithinBounds, UtcInstant } from './instant.ts'
import { ScheduleDefinition, ScheduleDetail, ScheduleUpdate, Slug } from './schedule.ts'

/** Whoever a key stands for may say who it was: kept beside the name of the key. */
export const By = z.string().min(1).max(200).optional().meta({ description: 'The person behind the key' })
const Note = z.string().min(1).max(2_000).optional()

export const SchedulePath = z.object({
  id: z.string().min(1).max(200).meta({ description: 'Its `schedule_id`, or its slug' }),
})

export const ScheduleUpdateRequest = ScheduleUpdate.extend({ by: By }).meta({
  id: 'ScheduleUpdate',
  examples: [{ version: 1, schedule: { type: 'cron', cron: '30 2 * * *' }, overlap: 'buffer_one' }],
})

export const ScheduleUpdateAnswer = ScheduleDetail.extend({
  removed: z.array(z.string()).meta({
    description: 'Nominal times ahead that will not come any more. What had started or waits goes on',
  }),
}).meta({ id: 'ScheduleUpdateAnswer' })

export const ScheduleDeleteAnswer = z
  .object({ schedule_id: z.string(), status: z.literal('deleted'), message: z.string() })
  .meta({ id: 'ScheduleDeleteAnswer' })

export const PauseRequest = z
  .object({ note: Note, by: By })
  .meta({ id: 'SchedulePauseRequest', examples: [{ note: 'The PMS is being replaced', by: 'Mai' }] })
export const ResumeRequest = z
  .object({
    missed: z.enum(['skip', 'last', 'all']).optional().meta({
      description:
        'What becomes of the times that passed while it was paused. Must be said where there were any',
    }),
    by: By,
  })
  .meta({ id: 'ScheduleResumeRequest', examples: [{ missed: 'last' }] })
export const RunNowRequest = z.object({ by: By }).meta({ id: 'ScheduleRunRequest' })
export const RunNowHeaders = z.looseObject({
  'idempotency-key': z.string().max(500).optional().meta({ description: 'The same key finds the first run' }),
})
export const RunNowAnswer = z
  .object({ schedule_id: z.string(), flow_run_id: z.string(), status: z.literal('accepted') })
  .meta({ id: 'ScheduleRunAnswer' })

const Language = z.enum(['en', 'vi'])
const PreviewOptions = {
  count: z.coerce.number().int().min(1).max(1_000).default(10),
  after: z.string().min(1).max(100).optional().meta({ format: 'date-time', description: 'Default: now' }),
  language: Language.optional().meta({ description: "Default: the hotel's" }),
}
export const PreviewQuery = z.object(PreviewOptions)
export const PreviewRequest = z
  .object({
    ...ScheduleDefinition.pick({
      schedule: true,
      blackouts: true,
      closed_dates: true,
      starts_at: true,
      ends_at: true,
      jitter_seconds: true,
      remaining: true,
    }).shape,
    slug: Slug.optional().meta({ description: 'What its jitter is made of' }),
    ...PreviewOptions,
  })
  .meta({
    id: 'SchedulePreviewRequest',
    examples: [{ schedule: { type: 'cron', cron: '30 2 * * *', timezone: 'Europe/Paris' }, count: 3 }],
  })
export const PreviewAnswer = z
  .object({
    in_words: z.string(),
    timezone: z.string(),
    times: z.array(
      z.object({
        nominal: z.string(),
        nominal_at: z.string().meta({ format: 'date-time' }),
        due_at: z.string().meta({ format: 'date-time', description: 'With its jitter' }),
        runs: z.boolean(),
        notes: z.array(z.string()),
      }),
    ),
    truncated: z.string().nullable(),
  })
  .meta({ id: 'SchedulePreview' })
export type PreviewAnswer = z.infer<typeof PreviewAnswer>

const LocalText = z.string().min(1).max(100).meta({ format: 'date-time' })

export const BackfillRequest = z
  .object({
    from: LocalText,
    to: LocalText,
    only_missing: z.boolean().default(true).meta({ description: 'Leaves out the times that have a run' }),
    at_most: z.number().int().min(1).max(50).default(1).meta({ description: 'Runs at once' }),
    dry_run: z
      .boolean()
      .default(false)
      .meta({ description: 'Answers how many there would be, and does nothing' }),
    note: Note,
    by: By,
  })
  .meta({
    id: 'BackfillRequest',
    examples: [{ from: '2025-01-01T00:00:00', to: '2025-01-31T23:59:59', at_most: 2 }],
  })
export type BackfillRequest = z.infer<typeof BackfillRequest>

export const BackfillCount = z
  .object({
    firings: z.number().meta({ description: 'That it starts, or would' }),
    have_run: z.number().meta({ description: 'Times of the range that have a run already' }),
  })
  .meta({ id: 'BackfillCount' })

export const Backfill = z
  .object({
    backfill_id: z.string(),
    schedule_id: z.string(),
    from: UtcInstant,
    to: UtcInstant,
    only_missing: z.boolean(),
    at_most: z.number(),
    firings: z.number(),
    status: z.enum(['running', 'completed', 'cancelled']),
    waiting: z.number(),
    running: z.number(),
    ended: z.record(z.string(), z.number()).meta({ description: 'How its runs ended, by status' }),
    created_at: UtcInstant,
    created_by: z.string().nullable(),
    note: z.string().nullable(),
    cancelled_at: UtcInstant.nullable(),
    cancelled_by: z.string().nullable(),
  })
  .meta({ id: 'Backfill' })
export type Backfill = z.infer<typeof Backfill>

export const BackfillList = z.object({ backfills: z.array(Backfill) })
export const BackfillPath = z.object({ backfill_id: z.string().min(1).max(100) })
export const CancelBackfillRequest = z.object({ by: By })

export const ClosedDate = z.object({
  date: z.iso
    .date({ error: 'must be a date, for example 2026-12-31', abort: true })
    .refine(isWithinBounds, { message: 'must be a date between 1900 and 9998' }),
  reason: z.string().min(1).max(500).nullable().default(null),
})
export const CalendarPath = z.object({ name: Slug })
export const AnyCalendar = z.object({
  name: z
    .string()
    .min(1)
    .max(100)
    .meta({ description: 'The hotel’s own, or `holidays:VN`, `holidays:DE-BY`' }),
})
export const CalendarQuery = z.object({
  year: z.coerce.number().int().min(1970).max(2200).optional().meta({
    description: 'Only this one; of public holidays by default the current one',
  }),
})
export const CalendarDeleteAnswer = z
  .object({ name: z.string(), status: z.literal('deleted') })
  .meta({ id: 'CalendarDeleteAnswer' })
export const Calendar = z.object({ name: z.string(), dates: z.array(ClosedDate) }).meta({ id: 'Calendar' })
export const CalendarRequest = z
  .object({ dates: z.array(ClosedDate).min(1).max(2_000), by: By })
  .meta({ id: 'CalendarRequest', examples: [{ dates: [{ date: '2025-02-17', reason: 'Owner’s party' }] }] })
export const CalendarList = z.object({
  calendars: z.array(
    z.object({
      name: z.string(),
      date_count: z.number(),
      used_by: z.array(z.string()).meta({ description: 'Slugs of schedules that are closed on them' }),
    }),
  ),
})
