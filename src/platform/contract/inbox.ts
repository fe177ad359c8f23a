import { z } from 'zod'
import { UtcInstant } from './instant.ts'
import { Flag, PageAnswer, PageQuery, several } from './page.ts'

/** The path parameters of an address that names one entry, and an action of it. */
export const EntryPath = z.object({ id: z.string() })
export const ActionPath = EntryPath.extend({ action: z.string() })

export const InboxAction = z.object({
  action: z.string().meta({ description: 'For `POST inbox/{id}/{action}`' }),
  title: z.string(),
  input: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: 'JSON Schema of the `payload` that the action takes; null: it takes none' }),
})
export type InboxAction = z.infer<typeof InboxAction>

export const InboxEntry = z
  .object({
    id: z.string().meta({ description: 'Stable as long as the entry is open, and in its decision' }),
    kind: z.string(),
    title: z.string(),
    subjects: z.array(z.string()),
    since: UtcInstant,
    age_seconds: z.number(),
    due_at: UtcInstant.nullable().meta({ description: 'When it is too late; null: there is no such time' }),
    who: z.string().meta({ description: 'Whom it is for' }),
    details: z.record(z.string(), z.unknown()),
    actions: z.array(InboxAction).meta({ description: 'Each of them settles it' }),
    flow_run_id: z.string().nullable(),
    event_id: z.string().nullable(),
  })
  .meta({ id: 'InboxEntry' })
export type InboxEntry = z.infer<typeof InboxEntry>

export const InboxQuery = z.object({
  kind: several(z.string()),
  subject: z.string().optional(),
  who: several(z.string()),
  overdue: Flag.optional().meta({ description: 'Whether its time has passed' }),
  ...PageQuery.shape,
})
export type InboxQuery = z.infer<typeof InboxQuery>

export const InboxList = z
  .object({
    entries: z.array(InboxEntry),
    counts: z.record(z.string(), z.number()).meta({
      description: 'Open entries of each kind, under the other filters; counted up to 10,000',
    }),
    ...PageAnswer.shape,
  })
  .meta({ id: 'InboxList' })
export type InboxList = z.infer<typeof InboxList>

export const SettleRequest = z
  .object({
    payload: z.unknown().meta({ description: "By the JSON Schema of the action's `input`" }),
    note: z.string().max(2_000),
    by: z.string().trim().min(1).max(200).meta({ description: 'The person behind the API key' }),
  })
  .partial()
  .meta({ id: 'SettleRequest', examples: [{ payload: { finished_by: 'EMP005' }, by: 'Lan', note: 'Done' }] })
export type SettleRequest = z.infer<typeof SettleRequest>

export const Decision = z
  .object({
    id: z.string().meta({ description: "The entry's" }),
    kind: z.string(),
    action: z.string(),
    title: z.string(),
    subjects: z.array(z.string()),
    flow_run_id: z.string().nullable(),
    event_id: z.string().nullable(),
    decided_by: z.string().meta({ description: 'The API key' }),
    by: z.string().nullable().meta({ description: 'The person behind it, as they said' }),
    decided_at: UtcInstant,
    note: z.string().nullable(),
    payload: z.unknown(),
    result: z.unknown().meta({ description: 'What came of it' }),
  })
  .meta({ id: 'Decision' })
export type Decision = z.infer<typeof Decision>

export const DecisionQuery = z.object({
  kind: several(z.string()),
  subject: z.string().optional(),
  decided_by: several(z.string()),
  ...PageQuery.shape,
})
export type DecisionQuery = z.infer<typeof DecisionQuery>

export const DecisionList = z
  .object({ decisions: z.array(Decision), ...PageAnswer.shape })
  .meta({ id: 'DecisionList' })
