import { defineFlow, type Flow } from '../../platform/engine/flow.ts'
import type { HotelDeps } from '../deps.ts'
import { BookingEvent } from './booking.event.ts'
import { bookingSubjects, outcomeOf, recordAndSettle } from './booking-steps.flow.ts'

/**
 * A guest has arrived.
 *
 *   record ─┬─ refused (cancelled, left already) ─ kept with its reason
 *           └─ checked in ── the room is occupied
 *
 * A message that the room is ready and was not sent yet is dropped by the run that holds it.
 */
export const checkInGuest = defineFlow({
  name: 'check_in_guest',
  description: 'Take a check-in on record: the room is occupied',
  parameters: BookingEvent,
  subjects: bookingSubjects,
  estimatedMinutes: 0.1,
  queue: 'events',
  run: async (flow: Flow<HotelDeps>, event) => outcomeOf(await recordAndSettle(flow, event)),
})
