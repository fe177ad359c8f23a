/** What goes over the wire to the ML service and back; docs/services.md is made of it. Unknown fields are ignored. */
import { z } from 'zod'

const Name = z.string().min(1).max(100)
const Share = z.number().min(0).max(1)
const Day = z.string().describe('Hotel day, `YYYY-MM-DD`')

export const ChurnRequest = z.object({
  booking_id: z.string().describe("The property system's id"),
  guest_id: z.string().nullable().describe("The property system's id"),
  room_type: z.string().nullable().describe("The hotel's own word: `deluxe`"),
  check_in: Day,
  check_out: Day,
  total_amount: z.int().nullable().describe("Whole units of the hotel's currency"),
  lead_days: z.int().describe('From the booking to the check-in; negative: booked in afterwards'),
  nights: z.int().describe('From check-in to check-out'),
})

export const ChurnAnswer = z.object({
  risk: Share.describe('How likely the booking is cancelled or not taken up'),
  confidence: Share.describe('How sure the model is'),
  model_name: Name.describe('Kept with the prediction'),
  model_version: Name.describe('Kept with the prediction'),
})

export const RecommendationsRequest = z.object({
  guest_id: z.string().describe("The property system's id"),
  booking_id: z.string().nullable().describe('The booking that asks, if it is one'),
  limit: z.int().min(1).max(100).describe('At most so many; more are cut off'),
})

export const RecommendationsAnswer = z.object({
  items: z
    .array(
      z.object({
        id: Name.describe('Of the service or offer'),
        name: z.string().min(1).max(200).describe('As the guest may read it'),
        score: z.number().describe('Higher is better'),
      }),
    )
    .max(1_000)
    .describe('Best first. Empty: nothing to recommend'),
  model_version: Name.describe('Kept with the recommendations'),
})

export const TrainingRequest = z.object({
  model_name: z.string().describe('`churn_model`, ...'),
  training_days: z.int().min(1).describe('How many days of history to train on, up to now'),
})

export const TrainingAnswer = z.object({
  job_id: Name.describe('Asked about later'),
  status: z.enum(['queued', 'running', 'completed', 'failed']).describe('`completed` and `failed` are final'),
  model_name: Name.describe('As asked'),
  model_version: Name.nullable().describe('The new version when completed, else null'),
  metrics: z.record(z.string(), z.number()).describe('By name, when completed; empty before'),
})
