/** Which event starts which flow. The one place that says so. */
import type { z } from 'zod'
import { AnomalyEvent } from '../contract/anomaly-event.ts'
import { AttendanceEvent } from '../contract/attendance-event.ts'
import { BookingEvent, type BookingEventType } from '../contract/booking-event.ts'
import type { EventKind } from '../contract/event.ts'
import { MlPredictionEvent } from '../contract/prediction-event.ts'
import { mayMakeReady, RoomStatusEvent } from '../contract/room-event.ts'

export interface Route<Event extends { timestamp: string } = { timestamp: string }> {
  readonly schema: z.ZodType<Event>
  /** Names of the flows it starts, in the order the answer lists their runs. Their parameters are the event. */
  starts(event: Event): readonly string[]
  /** Children that the one started flow will run first, in this order: the answer lists their runs instead of its own. */
  announces?(event: Event): readonly string[]
}

const BOOKING_FLOWS: Record<BookingEventType, readonly string[]> = {
  new_booking: ['predict_churn_risk', 'generate_confirmation_email', 'update_recommendations'],
  modified: ['update_booking'],
  cancelled: ['release_booking'],
  no_show: ['release_booking'],
  checked_in: ['check_in_guest'],
  checked_out: ['check_out_guest'],
}

const route = <Event extends { timestamp: string }>(route: Route<Event>) => route as Route

export const ROUTES: Record<EventKind, Route> = {
  attendance: route({ schema: AttendanceEvent, starts: () => ['process_attendance'] }),
  room_status: route({
    schema: RoomStatusEvent,
    starts: () => ['update_room_status'],
    announces: ({ new_status }) =>
      mayMakeReady(new_status) ? ['update_room_status_db', 'check_guest_waiting'] : ['update_room_status_db'],
  }),
  booking: route({ schema: BookingEvent, starts: ({ event_type }) => BOOKING_FLOWS[event_type] }),
  ml_prediction: route({ schema: MlPredictionEvent, starts: () => ['update_predictions'] }),
  anomaly: route({ schema: AnomalyEvent, starts: () => ['handle_anomaly'] }),
}

/** Every flow a route can name, to find a missing one at the start. */
export const ROUTED_FLOWS: readonly string[] = [
  'process_attendance',
  'update_room_status',
  'update_room_status_db',
  'check_guest_waiting',
  ...new Set(Object.values(BOOKING_FLOWS).flat()),
  'update_predictions',
  'handle_anomaly',
]
