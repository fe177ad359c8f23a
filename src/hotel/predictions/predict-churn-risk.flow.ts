import { defineFlow, type Flow } from '../../platform/engine/flow.ts'
import { BookingEvent } from '../bookings/booking.event.ts'
import { bookingSubjects, recordAndSettle } from '../bookings/booking-steps.flow.ts'
import type { HotelDeps, OutsideDeps } from '../deps.ts'
import { instant } from '../steps.ts'
import { predictChurn, storeChurnRisk } from './predictions.tasks.ts'

/**
 * A new booking: how likely is it to be cancelled?
 *
 *   record booking ─┬─ not open any more, or no ML service ─ skipped
 *                   └─ ask the model ── store: predictions, and the booking's own row
 *
 * Recording is the first step of all runs a new booking starts: whichever comes first does it, the others find it done.
 */
export const predictChurnRisk = defineFlow({
  name: 'predict_churn_risk',
  description: 'Predict how likely a new booking is to be cancelled',
  parameters: BookingEvent,
  subjects: bookingSubjects,
  estimatedMinutes: 0.2,
  queue: 'events',

  async run(flow: Flow<HotelDeps & Pick<OutsideDeps, 'ml'>>, event) {
    const booking = await recordAndSettle(flow, event)
    const { bookingId: booking_id, phase } = booking
    const skipped = (reason: string) => ({ booking_id, status: 'skipped' as const, reason })
    if (phase !== 'open') return skipped(`booking_${phase}`)
    const prediction = await flow.task(predictChurn, { booking, bookedAt: event.timestamp })
    if (!prediction) return skipped('ml_not_configured')
    const predictedAt = await instant(flow)
    await flow.task(storeChurnRisk, { bookingId: booking_id, prediction, predictedAt })
    const { risk, confidence } = prediction
    flow.log('churn risk predicted', { booking: booking_id, risk, confidence })
    return { booking_id, status: 'completed' as const, churn_risk: risk, confidence }
  },
})
