/** Which event starts which flow. The one place that says so. */
import type { z } from 'zod'
import type { EventKind } from '../platform/contract/event.ts'
import type { BookingEventType } from './bookings/booking.event.ts'
import type { EVENT_SCHEMAS } from './event-schemas.ts'
import { mayMakeReady } from './rooms/room.event.ts'

export interface Route<Event extends { timestamp: string } = { timestamp: string }> {
  /** Every flow that it may name, so that a missing one is found at the start. */
  readonly flows: readonly string[]
  /** Names of the flows it starts, in the order the answer lists their runs. Their parameters are the event. */
  starts(event: Event): readonly string[]
  /** Children that the one started flow will run first, in this order: the answer lists their runs instead of its own. */
  announces?(event: Event): readonly string[]
}

type Routes = { readonly [Kind in EventKind]: Route<z.infer<(typeof EVENT_SCHEMAS)[Kind]>> }

const BOOKING_FLOWS: Record<BookingEventType, readonly string[]> = {
  new_booking: ['predict_churn_risk', 'generate_confirmation_email', 'update_recommendations'],
  modified: ['update_booking'],
  cancelled: ['release_booking'],
  no_show: ['release_booking'],
  checked_in: ['check_in_guest'],
  checked_out: ['check_out_guest'],
}

const always = (flow: string): Route => ({ flows: [flow], starts: () => [flow] })

export const ROUTES: Readonly<Record<EventKind, Route>> = {
  attendance: always('process_attendance'),
  room_status: {
    flows: ['update_room_status', 'update_room_status_db', 'check_guest_waiting'],
    starts: () => ['update_room_status'],
    announces: ({ new_status }) =>
      mayMakeReady(new_status) ? ['update_room_status_db', 'check_guest_waiting'] : ['update_room_status_db'],
  },
  booking: {
    flows: Object.values(BOOKING_FLOWS).flat(),
    starts: ({ event_type }) => BOOKING_FLOWS[event_type],
  },
  ml_prediction: always('update_predictions'),
  anomaly: always('handle_anomaly'),
} satisfies Routes

/** Every flow that an event can start. */
export const ROUTED_FLOWS: readonly string[] = [
  ...new Set(Object.values(ROUTES).flatMap(({ flows }) => flows)),
]
