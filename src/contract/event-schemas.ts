import type { z } from 'zod'
import { AnomalyEvent } from './anomaly-event.ts'
import { AttendanceEvent } from './attendance-event.ts'
import { BookingEvent } from './booking-event.ts'
import type { EventKind } from './event.ts'
import { MlPredictionEvent } from './prediction-event.ts'
import { RoomStatusEvent } from './room-event.ts'

/** What an event of each kind must look like, over HTTP and RabbitMQ alike. */
export const EVENT_SCHEMAS = {
  attendance: AttendanceEvent,
  room_status: RoomStatusEvent,
  booking: BookingEvent,
  ml_prediction: MlPredictionEvent,
  anomaly: AnomalyEvent,
} satisfies Record<EventKind, z.ZodType<{ timestamp: string }>>
