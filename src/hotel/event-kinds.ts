/** Every event that the service takes: the table of contents. */
import { anomaly } from './anomalies/anomaly.event.ts'
import { attendance } from './attendance/attendance.event.ts'
import { booking } from './bookings/booking.event.ts'
import { mlPrediction } from './predictions/prediction.event.ts'
import { roomStatus } from './rooms/room.event.ts'

export const EVENT_KINDS = [attendance, roomStatus, booking, mlPrediction, anomaly]

/** The RabbitMQ exchange that the hotel's other services publish to. */
export const EVENT_EXCHANGE = 'hotel.events'

/** Of the kinds: `attendance`, `room_status`, ... */
export type EventName = (typeof EVENT_KINDS)[number]['name']
