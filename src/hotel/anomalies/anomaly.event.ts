import { z } from 'zod'
import { Instant } from '../../platform/contract/instant.ts'
import { defineEvent } from '../../platform/events/define-event.ts'
import { RoomNumber } from '../words.ts'

export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const
export const Severity = z.enum(SEVERITIES, { error: `must be one of ${SEVERITIES.join(', ')}` })
export type Severity = z.infer<typeof Severity>

/** Something is not as it should be: seen by a camera, a sensor or a model. */
export const AnomalyEvent = z
  .object({
    anomaly_type: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,59}$/, 'must be lower case with underscores, for example water_leak'),
    severity: Severity,
    /** Which camera, sensor or model. */
    source: z.string().min(1).max(200),
    description: z.string().min(1).max(2_000),
    room_number: RoomNumber.optional(),
    /** Where, when it is no room. */
    location: z.string().max(200).optional(),
    score: z.number().optional(),
    details: z.record(z.string(), z.unknown()).optional(),
    timestamp: Instant,
  })
  .meta({
    id: 'AnomalyEvent',
    description: 'An anomaly was detected',
    examples: [
      {
        anomaly_type: 'water_leak',
        severity: 'high',
        source: 'sensor_bath_201',
        description: 'Humidity rose by 40 % in ten minutes',
        room_number: '201',
        score: 0.97,
        timestamp: '2025-01-17T10:00:00Z',
      },
    ],
  })
export type AnomalyEvent = z.infer<typeof AnomalyEvent>

export const anomaly = defineEvent({
  name: 'anomaly',
  summary: 'An anomaly was detected',
  schema: AnomalyEvent,
  queue: 'anomaly.events',
  routingKeys: ['anomaly.#'],
  flows: ['handle_anomaly'],
  message: 'Anomaly event received and workflow triggered',
})
