import { z } from 'zod'
import { Instant, UtcInstant } from './instant.ts'
import { several } from './page.ts'
import { RunStatus } from './run.ts'
import { Timezone } from './timezone.ts'

/** Known for life: firings are unique by it. */
export const Slug = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,99}$/,
    'must be 1 to 100 of a-z, 0-9, _ and -, and begin with a letter or digit',
  )

/** When it fires. Without a timezone: the hotel's. */
export const ScheduleTiming = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('cron'),
    cron: z
      .string()
      .min(1)
      .max(200)
      .meta({ examples: ['0 2 * * *', '*/15 7-22 * * *', '0 6 * * mon', '30 4 L * *'] }),
    timezone: Timezone.optional(),
  }),
  z.object({
    type: z.literal('interval'),
    every_seconds: z.number().int().min(10).max(31_622_400),
    anchor: Instant.optional().meta({
      description: 'Counted from here, by elapsed time. Default: its creation',
    }),
    timezone: Timezone.optional(),
  }),
  z.object({ type: z.literal('once'), at: Instant, timezone: Timezone.optional() }),
])
export type ScheduleTiming = z.infer<typeof ScheduleTiming>

const Clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day, for example 22:00')

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

/** Nothing starts then: daily by the clock of the schedule's timezone, or between two instants. */
export const Blackout = z.union([
  z.object({
    from: Clock,
    to: Clock,
    // By name: in a cron expression beside it, 0 is Sunday.
    days: z
      .array(z.enum(WEEKDAYS))
      .min(1)
      .max(7)
      .optional()
      .meta({ description: 'On which it begins; default: every day' }),
  }),
  z.object({ from: Instant, to: Instant }),
])
export type Blackout = z.infer<typeof Blackout>

export const OVERLAPS = ['skip', 'buffer_one', 'allow', 'cancel_running'] as const
export const Overlap = z.enum(OVERLAPS)
export type Overlap = z.infer<typeof Overlap>

export const CATCH_UPS = ['last', 'all', 'none'] as const
export const CatchUp = z.enum(CATCH_UPS)
export type CatchUp = z.infer<typeof CatchUp>

const Seconds = z.number().int().min(0)
const DAY = 86_400

/** How it fires, all but its name: what a person or a file declares, and may change. */
const definition = {
  schedule: ScheduleTiming,
  parameters: z
    .record(z.string(), z.unknown())
    .default({})
    .meta({
      description:
        'Of each run. `{{nominal}}`, `{{previous_nominal}}`, `{{local_date}}` and `{{business_date}}` are those of the ' +
        'time it was due, also when it starts later',
    }),
  overlap: Overlap.default('skip').meta({
    description: 'What a firing does while `concurrency` earlier runs have not ended, waiting ones included',
  }),
  concurrency: z.number().int().min(1).max(1_000).default(1),
  catch_up: CatchUp.default('last').meta({
    description:
      'What was missed while nothing was there to fire it: the last of it, all within the window, or none',
  }),
  catch_up_window_seconds: Seconds.min(10)
    .max(31 * DAY)
    .default(DAY),
  jitter_seconds: Seconds.max(DAY).default(0),
  blackouts: z.array(Blackout).max(50).default([]),
  closed_dates: z.array(z.string().min(1).max(100)).max(20).default([]).meta({
    description: 'Calendars on whose dates it does not fire: `holidays:VN`, or one of the hotel’s own',
  }),
  starts_at: Instant.nullable().default(null),
  ends_at: Instant.nullable().default(null),
  remaining: z.number().int().min(0).max(1_000_000_000).nullable().default(null).meta({
    description: 'It starts so many more runs, and then no more',
  }),
  pause_after_failures: z.number().int().min(1).max(1_000).nullable().default(null),
  time_limit_seconds: z
    .number()
    .int()
    .min(1)
    .max(31 * DAY)
    .nullable()
    .default(null)
    .meta({
      description: 'A run that goes on for longer is cancelled',
    }),
  queue: z.enum(['events', 'default']).nullable().default(null),
} as const

/** Its state of declaration, as kept: every default filled in. */
export const ScheduleDefinition = z.object({
  name: z.string().min(1).max(200),
  workflow: z.string().min(1).max(200),
  ...definition,
})
export type ScheduleDefinition = z.infer<typeof ScheduleDefinition>

export const ScheduleRequest = z
  .object({
    ...ScheduleDefinition.shape,
    slug: Slug.optional().meta({ description: 'Default: made of the name. Never changes' }),
    active: z.boolean().default(true),
  })
  .meta({
    id: 'ScheduleRequest',
    examples: [
      {
        name: 'nightly_ml_retrain',
        workflow: 'ml_model_retrain',
        schedule: { type: 'cron', cron: '0 2 * * *', timezone: 'Asia/Ho_Chi_Minh' },
        parameters: { model_name: 'pricing_model', training_days: 90 },
        active: true,
      },
    ],
  })
export type ScheduleRequest = z.infer<typeof ScheduleRequest>

const partial = z.object({ ...ScheduleDefinition.shape }).partial().shape

/** What is not given stays. `version`: the one that was seen; another one in force is a 409. */
export const ScheduleUpdate = z.object({
  ...(Object.fromEntries(
    // A default would change what was not given.
    Object.entries(partial).map(([name, field]) => [name, withoutDefault(field)]),
  ) as { [Name in keyof typeof partial]: z.ZodOptional<z.ZodType<ScheduleDefinition[Name]>> }),
  version: z.number().int().min(1),
})
export type ScheduleUpdate = z.infer<typeof ScheduleUpdate>

function withoutDefault(field: z.ZodOptional<z.ZodType>): z.ZodOptional<z.ZodType> {
  const inner = field.unwrap()
  return (inner instanceof z.ZodDefault ? (inner.unwrap() as z.ZodType) : inner).optional()
}

export const ScheduleOrigin = z.enum(['hand', 'file'])
export type ScheduleOrigin = z.infer<typeof ScheduleOrigin>

const LocalInstant = z.string().meta({ format: 'date-time', examples: ['2025-01-18T02:00:00+07:00'] })

export const LastRun = z.object({
  flow_run_id: z.string(),
  status: RunStatus,
  completed_at: UtcInstant.nullable(),
})

export const ScheduleAnswer = z
  .object({
    schedule_id: z.string(),
    slug: Slug,
    name: z.string(),
    workflow: z.string(),
    schedule: z.string().meta({ examples: ['0 2 * * * (Asia/Ho_Chi_Minh)'] }),
    cron: z.string().nullable(),
    next_run: LocalInstant.nullable(),
    active: z.boolean(),
    created_at: UtcInstant,
    last_run: LastRun.optional(),
    origin: ScheduleOrigin,
    version: z.number(),
    paused: z
      .object({
        at: UtcInstant,
        by: z.string().nullable(),
        note: z.string().nullable(),
        reason: z.enum(['person', 'failures']),
      })
      .nullable(),
  })
  .meta({ id: 'ScheduleAnswer' })
export type ScheduleAnswer = z.infer<typeof ScheduleAnswer>

export const ScheduleList = z
  .object({ schedules: z.array(ScheduleAnswer), total: z.number(), limit: z.number(), offset: z.number() })
  .meta({ id: 'ScheduleList' })

export const ScheduleDetail = ScheduleAnswer.extend({
  definition: ScheduleDefinition,
  timezone: z.string(),
  in_words: z.object({ en: z.string(), vi: z.string() }),
  created_by: z.string().nullable(),
  updated_at: UtcInstant,
  updated_by: z.string().nullable(),
  runs_remaining: z
    .number()
    .nullable()
    .meta({ description: 'Of the `remaining` that were declared, those that are left' }),
  failures_in_a_row: z.number(),
}).meta({ id: 'ScheduleDetail' })
export type ScheduleDetail = z.infer<typeof ScheduleDetail>

export const ScheduleListQuery = z.object({
  workflow: several(z.string().min(1).max(200)),
  active: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  origin: ScheduleOrigin.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
  offset: z.coerce.number().int().min(0).max(100_000).default(0),
})
export type ScheduleListQuery = z.infer<typeof ScheduleListQuery>
