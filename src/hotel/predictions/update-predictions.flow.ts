import { defineFlow, type Flow } from '../../platform/engine/flow.ts'
import type { HotelDeps } from '../deps.ts'
import { MlPredictionEvent } from './prediction.event.ts'
import { storeMlPrediction } from './predictions.tasks.ts'

/**
 * A model found something out.
 *
 *   newer than what is known of the subject? ─┬─ yes ─ stored; a booking's churn risk in its own row too
 *                                             └─ no ── left as it is
 */
export const updatePredictions = defineFlow({
  name: 'update_predictions',
  description: "Take a model's prediction on record, if it is the newest of its subject",
  parameters: MlPredictionEvent,
  subjects: ({ subject }) => [subject],
  estimatedMinutes: 0.1,
  queue: 'events',

  async run(flow: Flow<HotelDeps>, event) {
    const { newest } = await flow.task(storeMlPrediction, event)
    const { prediction_type, subject } = event
    return { prediction_type, subject, status: newest ? ('stored' as const) : ('outdated' as const) }
  },
})
