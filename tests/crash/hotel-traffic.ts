/** A hotel's events of all kinds, no two alike: what each must leave behind is known. */
import type { EventName } from '../../src/hotel/event-kinds.ts'
import { punch } from './crew.ts'

export interface SentEvent {
  kind: EventName
  body: object
}

const WORDS = ['dirty', 'clean', 'pickup', 'dnd', 'no_wish', 'inspected'] as const
const FIRST = Date.UTC(2025, 0, 6)
const minuteOf = (n: number) => new Date(FIRST + n * 60_000).toISOString()

/** Of the 120 rooms of `simulators/hotel/hotel.ts`. */
function roomNumber(n: number): string {
  return `${(n % 8) + 1}${String((Math.floor(n / 8) % 15) + 1).padStart(2, '0')}`
}

/** Rooms that no guest waits for. */
export function roomEvent(n: number): SentEvent {
  const new_status = WORDS[n % WORDS.length]
  return { kind: 'room_status', body: { room_number: roomNumber(n), new_status, timestamp: minuteOf(n) } }
}

/** A guest of its own, by e-mail only, so that each booking is one message to one address. */
export function bookingEvent(n: number): SentEvent {
  const guest_data = { guest_id: `GUEST${n}`, name: `Guest ${n}`, email: emailOf(n), language: 'en' }
  const room_data = {
    room_type: 'deluxe',
    check_in: '2026-06-01',
    check_out: '2026-06-03',
    total_amount: 5e6,
  }
  const body = { booking_id: `BOOK${n}`, event_type: 'new_booking', guest_data, room_data }
  return { kind: 'booking', body: { ...body, timestamp: minuteOf(n) } }
}

export const emailOf = (n: number) => `guest${n}@example.com`

function predictionEvent(n: number): SentEvent {
  const about = {
    prediction_type: 'demand',
    subject: `room_type:type${n}:2026-06-01`,
    model_name: 'demand_model',
  }
  return { kind: 'ml_prediction', body: { ...about, value: n, confidence: 0.9, timestamp: minuteOf(n) } }
}

/** Low: recorded, and nobody is told. */
function anomalyEvent(n: number): SentEvent {
  const what = {
    anomaly_type: 'odd_noise',
    severity: 'low',
    source: `sensor_${n % 7}`,
    description: 'A noise',
  }
  return { kind: 'anomaly', body: { ...what, timestamp: minuteOf(n) } }
}

/** Of 60 events 36 are punches, 18 about rooms, and 2 of each other kind. */
export function mixedEvent(n: number): SentEvent {
  if (n % 10 < 6) return { kind: 'attendance', body: punch(n) }
  if (n % 10 < 9) return roomEvent(n)
  const rare = [bookingEvent, predictionEvent, anomalyEvent] as const
  return (rare[Math.floor(n / 10) % 3] ?? bookingEvent)(n)
}
