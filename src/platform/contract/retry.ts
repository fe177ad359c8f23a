import { z } from 'zod'
import { UtcInstant } from './instant.ts'
import { Notification } from './notification.ts'
import { RunStatus, TaskRun } from './run.ts'

/** The name of a task of the run (the first of that name), or its `task_run_id`. */
const FromTask = z
  .string()
  .min(1)
  .max(500)
  .meta({ description: 'A task of the run, by name (the first of that name) or `task_run_id`' })

export const RetryPreviewQuery = z.object({ from_task: FromTask.optional() })

export const RetryRequest = z
  .strictObject({
    from_task: FromTask.optional(),
    parameters: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: 'All parameters of a new run; the old one stays as it is' }),
  })
  .superRefine(({ from_task, parameters }, context) => {
    if (from_task === undefined || parameters === undefined) return
    const message = 'goes with the run as it is: give either this or `parameters`'
    context.addIssue({ code: 'custom', path: ['from_task'], message })
  })
  .meta({ id: 'RetryRequest', examples: [{ from_task: 'notify_supervisor' }] })

const PlannedTask = z.object({
  task_name: z.string(),
  task_run_id: z.string(),
  status: TaskRun.shape.status,
  kind: z.string().nullable().meta({
    description: 'transaction: its rows are written again. null: it has no outcome yet',
  }),
  effect: z.enum(['database', 'outside']).nullable().meta({
    description: 'Where it does its work. null: it waits, starts a run, or is not known yet',
  }),
})

const PlannedChild = z.object({
  flow_run_id: z.string(),
  workflow_name: z.string(),
  status: RunStatus,
  parent_run_id: z.string(),
  becomes: z.enum(['retried', 'started_anew', 'awaited']).meta({
    description:
      'retried: again under its own id. started_anew: another run in its place, this one stays. awaited: as it is',
  }),
})

const NotifiesAgain = z.object({
  notification_id: z.string(),
  channel: z.string(),
  recipient: z.string(),
  template: z.string(),
  status: Notification.shape.status,
  sent_once: z.boolean().meta({
    description:
      'It went out and is not sent again. False also where it went out and its run does steps anew under other keys: ' +
      'what they make is new, and there may be a message about that, too',
  }),
  in_doubt: z.boolean().meta({ description: 'An attempt was begun whose end is unknown: it may come twice' }),
})
export type NotifiesAgain = z.infer<typeof NotifiesAgain>

export const RetryPreview = z
  .object({
    flow_run_id: z.string(),
    status: RunStatus,
    allowed: z.boolean(),
    reason: z.string().nullable().meta({ description: 'Why it is not allowed' }),
    from_task: z.string().nullable(),
    runs_again: z.array(PlannedTask).meta({
      description: 'What has run and runs again. What follows for the first time is for the flow to say',
    }),
    kept: z.array(PlannedTask),
    children: z.array(PlannedChild),
    notifies_again: z.array(NotifiesAgain),
  })
  .meta({ id: 'RetryPreview' })
export type RetryPreview = z.infer<typeof RetryPreview>

/**
 * `retried_from`: the task the run goes on from; null when it had not come to any. With `from_task`, also what runs
 * again.
 */
export const RetryAnswer = z
  .object({
    flow_run_id: z.string(),
    status: z.literal('accepted'),
    retried_from: z.string().nullable(),
    message: z.string(),
    runs_again: z.array(PlannedTask).optional(),
    children: z.array(PlannedChild).optional(),
  })
  .meta({ id: 'RetryAnswer' })
export type RetryAnswer = z.infer<typeof RetryAnswer>

export const NewRunAnswer = z
  .object({
    flow_run_id: z.string(),
    origin_run_id: z.string(),
    workflow_name: z.string(),
    status: RunStatus,
    parameters: z.record(z.string(), z.unknown()),
    created_at: UtcInstant,
    message: z.string(),
  })
  .meta({ id: 'NewRunAnswer' })
export type NewRunAnswer = z.infer<typeof NewRunAnswer>
