import { z } from 'zod'
import { Instant, UtcInstant } from './instant.ts'
import { Flag, PageAnswer, PageQuery, Search, several } from './page.ts'

/** Lower case is the contract's `status`, the value Prefect's `state`. See docs/state-machine.md. */
export const RUN_STATES = {
  scheduled: 'Scheduled',
  late: 'Late',
  pending: 'Pending',
  running: 'Running',
  retrying: 'AwaitingRetry',
  waiting: 'Paused',
  cancelling: 'Cancelling',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
  crashed: 'Crashed',
} as const
export type RunStatus = keyof typeof RUN_STATES
export const RunStatus = z.enum(Object.keys(RUN_STATES) as [RunStatus, ...RunStatus[]])

/** A run in one of these never changes again, unless a person retries it. */
/** Ended, but not well: what a person may retry. */
export const UNSUCCESSFUL: readonly RunStatus[] = ['failed', 'cancelled', 'crashed']
export const ENDED: readonly RunStatus[] = ['completed', ...UNSUCCESSFUL]

const Parameters = z.record(z.string(), z.unknown())

export const TriggerRequest = z
  .object({
    workflow_name: z.string().min(1).max(200),
    parameters: Parameters.default({}),
    scheduled_time: Instant.optional(),
    idempotency_key: z.string().min(1).max(500).optional(),
    priority: z.number().int().min(0).max(2_147_483_647).optional(),
  })
  .meta({
    id: 'TriggerRequest',
    examples: [
      {
        workflow_name: 'daily_report_generation',
        parameters: {
          date: '2025-01-17',
          report_types: ['occupancy', 'revenue', 'housekeeping'],
          recipients: ['manager@hotel.com'],
        },
        scheduled_time: '2025-01-17T23:00:00Z',
        idempotency_key: 'report_2025_01_17',
      },
    ],
  })
export type TriggerRequest = z.infer<typeof TriggerRequest>

export const TriggerAnswer = z
  .object({
    flow_run_id: z.string(),
    workflow_name: z.string(),
    status: RunStatus,
    scheduled_start: UtcInstant,
    estimated_duration_minutes: z.number(),
    parameters: Parameters,
    created_at: UtcInstant,
  })
  .meta({
    id: 'TriggerAnswer',
    examples: [
      {
        flow_run_id: 'fr_abc123def456',
        workflow_name: 'daily_report_generation',
        status: 'scheduled',
        scheduled_start: '2025-01-17T23:00:00Z',
        estimated_duration_minutes: 15,
        parameters: { date: '2025-01-17', report_types: ['occupancy', 'revenue', 'housekeeping'] },
        created_at: '2025-01-17T10:00:00Z',
      },
    ],
  })
export type TriggerAnswer = z.infer<typeof TriggerAnswer>

export const RunError = z.object({
  code: z.string(),
  message: z.string(),
  task_name: z.string().nullable(),
})
export type RunError = z.infer<typeof RunError>

export const TaskAttempt = z.object({
  attempt: z.number(),
  status: z.enum(['completed', 'failed']),
  started_at: UtcInstant.nullable(),
  duration_seconds: z.number().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  next_attempt_at: UtcInstant.nullable(),
})

export const TaskRun = z.object({
  task_run_id: z.string(),
  task_name: z.string(),
  status: z.enum(['running', 'retrying', 'waiting', 'completed', 'failed', 'cancelled']),
  started_at: UtcInstant.nullable(),
  duration_seconds: z.number().nullable(),
  retries: z.number(),
  attempts: z.array(TaskAttempt),
})
export type TaskRun = z.infer<typeof TaskRun>

export const RunDetail = z
  .object({
    flow_run_id: z.string(),
    workflow_name: z.string(),
    status: RunStatus,
    state: z.string(),
    started_at: UtcInstant.nullable(),
    completed_at: UtcInstant.nullable(),
    duration_seconds: z.number().nullable(),
    created_at: UtcInstant,
    created_by: z
      .string()
      .nullable()
      .meta({ description: 'The API key it was triggered with; null when an event or a run started it' }),
    scheduled_start: UtcInstant.nullable(),
    parameters: Parameters,
    subjects: z.array(z.string()),
    event_id: z.string().nullable(),
    parent_run_id: z.string().nullable(),
    origin_run_id: z.string().nullable().meta({
      description: 'The run that a person had done again with other parameters: this is the new one',
    }),
    successor_run_ids: z.array(z.string()).meta({
      description: 'The runs that were made from this one, with other parameters; oldest first',
    }),
    child_run_ids: z.array(z.string()),
    flagged: z.string().nullable(),
    recoveries: z.number().meta({
      description:
        'How often it went on after it had begun: its worker died, or left and handed it back, or a person retried it',
    }),
    task_runs: z.array(TaskRun),
    result: z.unknown().optional(),
    error: RunError.optional(),
  })
  .meta({ id: 'RunDetail' })
export type RunDetail = z.infer<typeof RunDetail>

export const RunSummary = z.object({
  flow_run_id: z.string(),
  workflow_name: z.string(),
  status: RunStatus,
  state: z.string(),
  created_at: UtcInstant,
  started_at: UtcInstant.nullable(),
  completed_at: UtcInstant.nullable(),
  duration_seconds: z.number().nullable(),
  event_id: z.string().nullable(),
  subjects: z.array(z.string()),
  flagged: z.string().nullable(),
})
export type RunSummary = z.infer<typeof RunSummary>

export const RunListQuery = z.object({
  workflow_name: several(z.string()),
  status: several(RunStatus),
  event_id: several(z.string()),
  subject: z.string().optional(),
  started_after: Instant.optional(),
  started_before: Instant.optional(),
  flagged: Flag.optional().meta({ description: 'Whether a person must look at it' }),
  q: Search.optional(),
  ...PageQuery.shape,
})
export type RunListQuery = z.infer<typeof RunListQuery>

export const RunList = z
  .object({ workflow_runs: z.array(RunSummary), ...PageAnswer.shape })
  .meta({ id: 'RunList' })
export type RunList = z.infer<typeof RunList>

export const CancelAnswer = z
  .object({
    flow_run_id: z.string(),
    previous_status: RunStatus,
    new_status: RunStatus,
    cancelled_at: UtcInstant,
    message: z.string(),
  })
  .meta({
    id: 'CancelAnswer',
    examples: [
      {
        flow_run_id: 'fr_abc123def456',
        previous_status: 'running',
        new_status: 'cancelled',
        cancelled_at: '2025-01-17T10:05:00Z',
        message: 'Workflow cancelled by user request',
      },
    ],
  })
export type CancelAnswer = z.infer<typeof CancelAnswer>

export const SignalRequest = z.object({ payload: z.unknown() }).partial().meta({ id: 'SignalRequest' })

export const SignalAnswer = z
  .object({ flow_run_id: z.string(), signal: z.string(), status: z.literal('delivered') })
  .meta({ id: 'SignalAnswer' })

export const RunLog = z.object({
  at: UtcInstant,
  level: z.enum(['debug', 'info', 'warn', 'error']),
  message: z.string(),
  task_name: z.string().nullable(),
  fields: Parameters.nullable(),
})
export type RunLog = z.infer<typeof RunLog>

export const RunLogs = z.object({ flow_run_id: z.string(), logs: z.array(RunLog) }).meta({ id: 'RunLogs' })

export const CatalogueEntry = z
  .object({
    name: z.string(),
    description: z.string(),
    parameters: z.record(z.string(), z.unknown()).meta({ description: 'JSON Schema' }),
    estimated_duration_minutes: z.number(),
    queue: z.string(),
    schedules: z
      .array(
        z.object({
          schedule_id: z.string(),
          slug: z.string(),
          cron: z.string().nullable(),
          next_run: z.string().nullable(),
          active: z.boolean(),
        }),
      )
      .meta({ description: 'At most a hundred: `schedule/list?workflow=` has them all' }),
  })
  .meta({ id: 'CatalogueEntry' })
export type CatalogueEntry = z.infer<typeof CatalogueEntry>
export const Catalogue = z
  .object({ workflows: z.array(CatalogueEntry), total: z.number() })
  .meta({ id: 'Catalogue' })
