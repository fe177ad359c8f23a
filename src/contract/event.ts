import { z } from 'zod'
import { Instant } from './instant.ts'
import { PageQuery } from './page.ts'

/** Most specific first in the docs; `attendance` is the only kind with a flow behind it so far. */
export const EVENT_KINDS = ['attendance'] as const
export type EventKind = (typeof EVENT_KINDS)[number]

/**
 * A face recognised at a staff door, as the CV service sends it.
 * `confidence` is 0..1. `timestamp` without an offset is read in the hotel's timezone.
 * Unknown fields are kept in the audit trail and ignored.
 */
export const AttendanceEvent = z
  .object({
    employee_id: z.string().trim().min(1).max(100),
    timestamp: Instant,
    action: z.enum(['check_in', 'check_out']),
    camera_id: z.string().min(1).max(200).optional(),
    confidence: z.number().min(0).max(1),
    metadata: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({
    id: 'AttendanceEvent',
    description: 'A face recognised at a staff door',
    examples: [
      {
        employee_id: 'EMP001',
        timestamp: '2025-01-17T08:30:00Z',
        action: 'check_in',
        camera_id: 'cam_lobby_01',
        confidence: 0.98,
        metadata: { face_quality: 0.95, liveness_check: true },
      },
    ],
  })
export type AttendanceEvent = z.infer<typeof AttendanceEvent>

export const StartedRun = z.object({ workflow: z.string(), flow_run_id: z.string() })
export type StartedRun = z.infer<typeof StartedRun>

/** The answer to `POST events/attendance`. */
export const AttendanceAccepted = z
  .object({
    event_id: z.string(),
    status: z.literal('accepted'),
    workflow_triggered: z.string(),
    flow_run_id: z.string(),
    message: z.string(),
  })
  .meta({
    id: 'AttendanceAccepted',
    examples: [
      {
        event_id: 'evt_12345',
        status: 'accepted',
        workflow_triggered: 'process_attendance',
        flow_run_id: 'fr_attendance_001',
        message: 'Attendance event received and workflow triggered',
      },
    ],
  })
export type AttendanceAccepted = z.infer<typeof AttendanceAccepted>

/** The answer to `POST events/{id}/replay`: a new event, with runs of its own. */
export const EventReplayed = z
  .object({
    event_id: z.string(),
    status: z.literal('accepted'),
    workflows_triggered: z.array(StartedRun),
    message: z.string(),
  })
  .meta({ id: 'EventReplayed' })

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
    received_at: z.string(),
    received_from: z.string().nullable(),
    occurred_at: z.string().nullable(),
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
  kind: z.string().optional(),
  status: z.enum(['accepted', 'rejected']).optional(),
  subject: z.string().optional(),
  received_after: Instant.optional(),
  received_before: Instant.optional(),
  ...PageQuery.shape,
})
export type EventListQuery = z.infer<typeof EventListQuery>

export const EventList = z
  .object({ events: z.array(EventRecord), total: z.number(), limit: z.number(), offset: z.number() })
  .meta({ id: 'EventList' })
