import { z } from 'zod'
import { Instant } from '../../platform/contract/instant.ts'
import { defineEvent } from '../../platform/events/define-event.ts'

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

export const attendance = defineEvent({
  name: 'attendance',
  summary: 'A face recognised at a staff door',
  schema: AttendanceEvent,
  queue: 'attendance.events',
  routingKeys: ['attendance.#'],
  flows: ['process_attendance'],
  message: 'Attendance event received and workflow triggered',
  answer: {
    schema: AttendanceAccepted,
    of: ({ eventId, runs }, message): AttendanceAccepted => {
      const [run] = runs
      if (run === undefined) throw new Error(`The event ${eventId} was accepted without a run.`)
      return {
        event_id: eventId,
        status: 'accepted',
        workflow_triggered: run.workflow,
        flow_run_id: run.flow_run_id,
        message,
      }
    },
  },
})
