import { z } from 'zod'
import { Instant, UtcInstant } from './instant.ts'
import { PageAnswer, PageQuery, Search, several } from './page.ts'

export const StartedRun = z
  .object({ workflow: z.string(), flow_run_id: z.string() })
  .meta({ id: 'StartedRun' })
export type StartedRun = z.infer<typeof StartedRun>

/** The answer to an event, and to `POST events/{id}/replay`: each run is listed, in order. Attendance has its own. */
export const EventAccepted = z
  .object({
    event_id: z.string(),
    status: z.literal('accepted'),
    workflows_triggered: z.array(StartedRun),
    message: z.string(),
  })
  .meta({
    id: 'EventAccepted',
    examples: [
      {
        event_id: 'evt_67890',
        status: 'accepted',
        workflows_triggered: [{ workflow: 'update_room_status_db', flow_run_id: 'fr_room_001' }],
        message: 'Room status event received and workflows triggered',
      },
    ],
  })
export type EventAccepted = z.infer<typeof EventAccepted>

/** One row of the audit trail. */
export const EventRecord = z
  .object({
    event_id: z.string(),
    kind: z.string(),
    source: z.enum(['http', 'amqp', 'replay']),
    status: z.enum(['accepted', 'rejected']),
    reason: z.string().nullable(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).nullable(),
    sender_key: z.string().nullable(),
    received_at: UtcInstant,
    received_from: z.string().nullable(),
    occurred_at: UtcInstant.nullable(),
    payload: z.unknown(),
    subjects: z.array(z.string()),
    replay_of: z.string().nullable(),
    workflows_triggered: z.array(StartedRun),
  })
  .meta({ id: 'EventRecord' })
export type EventRecord = z.infer<typeof EventRecord>

/** What the stream tells of an event: never its payload. */
export const EventSummary = EventRecord.pick({
  event_id: true,
  kind: true,
  source: true,
  status: true,
  received_at: true,
  subjects: true,
  workflows_triggered: true,
})
export type EventSummary = z.infer<typeof EventSummary>

export const EventListQuery = z.object({
  kind: several(z.string()),
  status: several(EventRecord.shape.status),
  subject: z.string().optional(),
  received_after: Instant.optional(),
  received_before: Instant.optional(),
  q: Search.optional(),
  ...PageQuery.shape,
})
export type EventListQuery = z.infer<typeof EventListQuery>

export const EventList = z
  .object({ events: z.array(EventRecord), ...PageAnswer.shape })
  .meta({ id: 'EventList' })
