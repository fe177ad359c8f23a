import { createJsonClient } from '../../../platform/outbound/json-client.ts'
import { bearer, type ServiceAddress } from '../../../platform/outbound/service-address.ts'
import type { Ml } from './ml.ts'
import { ChurnAnswer, RecommendationsAnswer, TrainingAnswer } from './wire.ts'

/** The ML service over HTTP. Only the fields of `wire.ts` are sent, whatever else the caller holds. Each POST has an Idempotency-Key. Errors are those of JsonClient (`ml_...`). */
export function createHttpMl({ url, apiKey, guard }: ServiceAddress): Ml & { close(): Promise<void> } {
  const client = createJsonClient({ url, guard, headers: bearer(apiKey) })
  return {
    predictChurn: (
      { booking_id, guest_id, room_type, check_in, check_out, total_amount, lead_days, nights },
      { key, signal },
    ) =>
      client.post({
        operation: 'predict_churn',
        path: '/predictions/churn',
        json: { booking_id, guest_id, room_type, check_in, check_out, total_amount, lead_days, nights },
        idempotencyKey: key,
        answer: ChurnAnswer,
        signal,
      }),

    async recommend({ guest_id, booking_id, limit }, { key, signal }) {
      const { items, model_version } = await client.post({
        operation: 'recommend',
        path: '/recommendations',
        json: { guest_id, booking_id, limit },
        idempotencyKey: key,
        answer: RecommendationsAnswer,
        signal,
      })
      return { items: items.slice(0, limit), model_version }
    },

    startTraining: ({ model_name, training_days }, { key, signal }) =>
      client.post({
        operation: 'start_training',
        path: '/training',
        json: { model_name, training_days },
        idempotencyKey: key,
        answer: TrainingAnswer,
        signal,
      }),

    training: (jobId, signal) =>
      client.call({
        operation: 'training',
        method: 'GET',
        path: `/training/${encodeURIComponent(jobId)}`,
        answer: TrainingAnswer,
        absent: [404],
        signal,
      }),

    close: () => client.close(),
  }
}
