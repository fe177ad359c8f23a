import { z } from 'zod'
import { Instant, UtcInstant } from './instant.ts'
import { PageAnswer, PageQuery, several } from './page.ts'
import { RunStatus } from './run.ts'

/** What became of one nominal time. */
export const FIRING_OUTCOMES = ['started', 'waiting', 'skipped', 'missed', 'cancelled', 'refused'] as const
export const FiringOutcome = z.enum(FIRING_OUTCOMES)
export type FiringOutcome = z.infer<typeof FiringOutcome>

/** Why: of `started` only where it was not simply due. */
export const FIRING_REASONS = [
  // started
  'caught_up',
  'after_overlap',
  // waiting, skipped
  'overlap',
  'blackout',
  'closed_date',
  'backfill',
  // missed
  'dropped',
  'paused',
  // cancelled
  'removed',
  'superseded',
  // refused
  'parameters',
  'unknown_workflow',
] as const
export const FiringReason = z.enum(FIRING_REASONS)
export type FiringReason = z.infer<typeof FiringReason>

export const FiringKind = z.enum(['schedule', 'backfill', 'manual'])
export type FiringKind = z.infer<typeof FiringKind>

export const Firing = z
  .object({
    schedule_id: z.string(),
    nominal: z.string().meta({ description: 'The local time it stands for, on the clocks of its timezone' }),
    nominal_at: UtcInstant,
    due_at: UtcInstant.meta({ description: 'With its jitter' }),
    kind: FiringKind,
    outcome: FiringOutcome,
    reason: FiringReason.nullable(),
    detail: z.string().nullable(),
    decided_at: UtcInstant,
    flow_run_id: z.string().nullable(),
    run_status: RunStatus.nullable(),
    backfill_id: z.string().nullable(),
  })
  .meta({ id: 'Firing' })
export type Firing = z.infer<typeof Firing>

export const FiringListQuery = z.object({
  outcome: several(FiringOutcome),
  kind: several(FiringKind),
  backfill_id: z.string().min(1).max(100).optional(),
  nominal_after: Instant.optional(),
  nominal_before: Instant.optional(),
  ...PageQuery.shape,
})
export const FiringList = z.object({ firings: z.array(Firing), ...PageAnswer.shape })
