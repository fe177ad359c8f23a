import { defineFlow, type Flow } from '../../platform/engine/flow.ts'
import { BookingEvent } from '../bookings/booking.event.ts'
import { bookingSubjects, recordAndSettle } from '../bookings/booking-steps.flow.ts'
import type { HotelDeps, OutsideDeps } from '../deps.ts'
import { instant } from '../steps.ts'
import { fetchRecommendations, storeGuestRecommendations } from './predictions.tasks.ts'

const MOST = 5

/**
 * A new booking: what may its guest like?
 *
 *   record booking ─┬─ guest without an id, or no ML service ─ skipped
 *                   └─ ask the model ── store, in place of what was recommended before
 */
export const updateRecommendations = defineFlow({
  name: 'update_recommendations',
  description: 'Work out what the guest of a new booking may like',
  parameters: BookingEvent,
  subjects: bookingSubjects,
  estimatedMinutes: 0.2,
  queue: 'events',

  async run(flow: Flow<HotelDeps & Pick<OutsideDeps, 'ml'>>, event) {
    const { bookingId: booking_id, guestId } = await recordAndSettle(flow, event)
    const skipped = (reason: string) => ({ booking_id, status: 'skipped' as const, reason })
    if (guestId === null) return skipped('guest_unknown')
    const ask = { guest_id: guestId, booking_id, limit: MOST }
    const recommended = await flow.task(fetchRecommendations, ask)
    if (!recommended) return skipped('ml_not_configured')
    const generatedAt = await instant(flow)
    await flow.task(storeGuestRecommendations, { guestId, recommended, generatedAt })
    return { booking_id, status: 'completed' as const, guest_id: guestId, items: recommended.items.length }
  },
})
