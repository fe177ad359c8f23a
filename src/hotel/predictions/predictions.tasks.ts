import { defineTask, defineTransaction } from '../../platform/engine/flow.ts'
import { CALL_RETRY, STORE_RETRY } from '../../platform/engine/retries.ts'
import type { Sql } from '../../platform/postgres/sql.ts'
import { daysBetween, localDate, toInstant } from '../../platform/time/local-time.ts'
import type { BookingOnRecord } from '../bookings/booking-changes.tasks.ts'
import { showChurnRisk } from '../bookings/bookings.sql.ts'
import type { HotelDeps, OutsideDeps } from '../deps.ts'
import type { ChurnPrediction, Recommendations } from '../services/ml/ml.ts'
import { subjectOf } from '../subjects.ts'
import type { MlPredictionEvent } from './prediction.event.ts'
import { type Prediction, storePrediction, storeRecommendations } from './predictions.sql.ts'

type MlDeps = Pick<OutsideDeps, 'ml'>

/** Takes a model's prediction on record, unless a newer one of the same kind and subject is there. */
export const storeMlPrediction = defineTransaction<HotelDeps, MlPredictionEvent, { newest: boolean }>({
  name: 'store_prediction',
  retry: STORE_RETRY,
  lock: ({ prediction_type, subject }) => `prediction:${prediction_type}:${subject}`,
  run: async ({ hotel }, event, { sql, runId }) => ({
    newest: await keep(sql, {
      type: event.prediction_type,
      subject: event.subject,
      modelName: event.model_name,
      modelVersion: event.model_version ?? null,
      value: event.value,
      confidence: event.confidence,
      predictedAt: toInstant(event.timestamp, hotel.timezone),
      runId,
    }),
  }),
})

/** The churn risk of a booking is also shown in the booking's own row. */
async function keep(sql: Sql, prediction: Prediction): Promise<boolean> {
  const newest = await storePrediction(sql, prediction)
  const { type, subject } = prediction
  if (newest && type === 'churn_risk' && subject.startsWith('booking:')) {
    await showChurnRisk(sql, subject.slice('booking:'.length))
  }
  return newest
}

/** What the model is asked about: the booking on record, and when it was made (the event's timestamp). */
export interface BookingToJudge {
  booking: BookingOnRecord
  bookedAt: string
}

/** Asks the ML service how likely the guest is to cancel. Null: no ML service is configured. */
export const predictChurn = defineTask<MlDeps & HotelDeps, BookingToJudge, ChurnPrediction | null>({
  name: 'predict_churn',
  retry: CALL_RETRY,
  async run({ ml, hotel }, { booking, bookedAt }, { idempotencyKey: key, signal }) {
    if (!ml) return null
    const { checkIn, checkOut } = booking
    const bookedOn = localDate(toInstant(bookedAt, hotel.timezone), hotel.timezone)
    const features = {
      booking_id: booking.bookingId,
      guest_id: booking.guestId,
      room_type: booking.roomType,
      check_in: checkIn ?? bookedOn,
      check_out: checkOut ?? checkIn ?? bookedOn,
      // The wire has whole units; a sender may have fractions.
      total_amount: booking.totalAmount === null ? null : Math.round(booking.totalAmount),
      lead_days: checkIn ? daysBetween(bookedOn, checkIn) : 0,
      nights: checkIn && checkOut ? daysBetween(checkIn, checkOut) : 0,
    }
    return ml.predictChurn(features, { key, signal })
  },
})

/** `predictedAt`: ISO 8601, the flow's clock. */
export const storeChurnRisk = defineTransaction<
  unknown,
  { bookingId: string; prediction: ChurnPrediction; predictedAt: string },
  { newest: boolean }
>({
  name: 'store_churn_risk',
  retry: STORE_RETRY,
  lock: ({ bookingId }) => `prediction:churn_risk:booking:${bookingId}`,
  run: async (_deps, { bookingId, prediction, predictedAt }, { sql, runId }) => ({
    newest: await keep(sql, {
      type: 'churn_risk',
      subject: subjectOf('booking', bookingId),
      modelName: prediction.model_name,
      modelVersion: prediction.model_version,
      value: prediction.risk,
      confidence: prediction.confidence,
      predictedAt: new Date(predictedAt),
      runId,
    }),
  }),
})

/** Asks the ML service what this guest may like. Null: no ML service is configured. */
export const fetchRecommendations = defineTask<
  MlDeps,
  { guest_id: string; booking_id: string; limit: number },
  Recommendations | null
>({
  name: 'fetch_recommendations',
  retry: CALL_RETRY,
  run: async ({ ml }, ask, { idempotencyKey: key, signal }) =>
    ml ? ml.recommend(ask, { key, signal }) : null,
})

/** Replaces what was recommended before; `generatedAt`: ISO 8601, the flow's clock. */
export const storeGuestRecommendations = defineTransaction<
  unknown,
  { guestId: string; recommended: Recommendations; generatedAt: string },
  { newest: boolean }
>({
  name: 'store_recommendations',
  retry: STORE_RETRY,
  lock: ({ guestId }) => `recommendations:${guestId}`,
  run: async (_deps, { guestId, recommended, generatedAt }, { sql, runId }) => ({
    newest: await storeRecommendations(sql, {
      guestId,
      items: recommended.items,
      modelVersion: recommended.model_version,
      generatedAt: new Date(generatedAt),
      runId,
    }),
  }),
})
