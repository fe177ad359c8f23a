import { z } from 'zod'
import { Instant } from '../../platform/contract/instant.ts'
import { defineEvent } from '../../platform/events/define-event.ts'

/**
 * What a model of the ML service found out about one subject: a booking's churn risk, a room type's price for a date.
 * `value` is the model's own: a number, or an object with its parts. `confidence` is 0..1.
 */
export const MlPredictionEvent = z
  .object({
    prediction_type: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,59}$/, 'must be lower case with underscores, for example churn_risk'),
    /** `booking:BOOK001`, `guest:GUEST001`, `room_type:deluxe:2025-02-01`. */
    subject: z
      .string()
      .max(200)
      .regex(/^[a-z_]+:.+$/, 'must read kind:id, for example booking:BOOK001'),
    value: z.union([z.number(), z.record(z.string(), z.unknown())]),
    confidence: z.number().min(0).max(1),
    model_name: z.string().min(1).max(100),
    model_version: z.string().max(100).optional(),
    timestamp: Instant,
  })
  .meta({
    id: 'MlPredictionEvent',
    description: 'A model has a new prediction',
    examples: [
      {
        prediction_type: 'churn_risk',
        subject: 'booking:BOOK001',
        value: 0.82,
        confidence: 0.9,
        model_name: 'churn_model',
        model_version: '2025.01',
        timestamp: '2025-01-17T10:00:05Z',
      },
    ],
  })
export type MlPredictionEvent = z.infer<typeof MlPredictionEvent>

export const mlPrediction = defineEvent({
  name: 'ml_prediction',
  summary: 'A model of the ML service has a new prediction',
  schema: MlPredictionEvent,
  queue: 'ml.events',
  routingKeys: ['ml_prediction.#', 'ml.#'],
  flows: ['update_predictions'],
  message: 'ML prediction event received and workflow triggered',
})
