import type { z } from 'zod'
import type { EventKind } from '../platform/contract/event.ts'
import { AnomalyEvent } from './anomalies/anomaly.event.ts'
import { AttendanceEvent } from './attendance/attendance.event.ts'
import { BookingEvent } from './bookings/booking.event.ts'
import { MlPredictionEvent } from './predictions/prediction.event.ts'
import { RoomStatusEvent } from './rooms/room.event.ts'

/** What an event of each kind must look like, over HTTP and RabbitMQ alike. */
export const EVENT_SCHEMAS = {
  attendance: AttendanceEvent,
  room_status: RoomStatusEvent,
  booking: BookingEvent,
  ml_prediction: MlPredictionEvent,
  anomaly: AnomalyEvent,
} satisfies Record<EventKind, z.ZodType<{ timestamp: string }>>
