/** What happens in the hotel on one day: planned from the date and the house as it is, the same every time. */
import { addDays, atLocal } from '../../src/platform/time/local-time.ts'
import type { OutgoingEvent } from './event-sender.ts'
import { seededRandom } from './seeded-random.ts'
import { planStay, type Room, type Stay } from './stays.ts'

/** An event of another service, something a person asks for, or a mishap in the property system. */
export type Act = { at: Date } & (
  | { do: 'event'; event: OutgoingEvent }
  | { do: 'ask'; workflow: string; parameters: object; key: string; finishedAfterMinutes?: number }
  | { do: 'acknowledge'; workflow: string }
  | { do: 'take_unannounced'; roomNumber: string; date: string }
  | { do: 'promise_refund'; bookingId: string; amount: number }
  | Settle
)

/** Somebody looks at a kind of entry in the inbox and settles what is there, but for the newest. */
export interface Settle {
  do: 'settle'
  kind: string
  action: string
  by: string
}

export interface House {
  rooms: readonly Room[]
  stays: readonly Stay[]
  timezone: string
}

const MINUTE = 60_000

/** All of the day, in the order it happens. `date` is 'YYYY-MM-DD'. */
export function planHotelDay(date: string, house: House): Act[] {
  const random = seededRandom(`day ${date}`)
  const at = (time: string) => atLocal(date, time, house.timezone)
  const between = (from: string, to: string) =>
    new Date(at(from).getTime() + random() * (at(to).getTime() - at(from).getTime()))
  const day: Day = { date, house, random, at, between }
  const acts = [
    ...departures(day),
    ...arrivals(day),
    ...bookings(day),
    ...requests(day),
    ...mishaps(day),
    ...inbox(day),
  ]
  return acts.sort((a, b) => a.at.getTime() - b.at.getTime())
}

interface Day {
  date: string
  house: House
  random: () => number
  at(time: string): Date
  between(from: string, to: string): Date
}

/** Guests leave, their rooms are cleaned, and a camera sees that they are. */
function departures(day: Day): Act[] {
  const leaving = day.house.stays.filter((stay) => stay.status === 'checked_in' && stay.check_out <= day.date)
  return leaving.flatMap((stay) => {
    const left = day.between('07:30', '11:30')
    const cleaned = new Date(left.getTime() + (40 + day.random() * 45) * MINUTE)
    const tags = ['bed_made', 'bathroom_clean', 'amenities_complete']
    return [
      booking(left, 'checked_out', stay),
      event(cleaned, 'room_status', `clean-${stay.room_number}-${day.date}`, {
        room_number: stay.room_number,
        old_status: 'dirty',
        new_status: 'clean',
        updated_by: 'EMP002',
        analysis_data: { confidence: Math.round((0.86 + day.random() * 0.13) * 100) / 100, tags },
      }),
    ]
  })
}

function arrivals(day: Day): Act[] {
  const coming = day.house.stays.filter((stay) => stay.status === 'confirmed' && stay.check_in === day.date)
  const late = day.house.stays.filter((stay) => stay.status === 'confirmed' && stay.check_in < day.date)
  return [
    ...coming.map((stay) => {
      const comes = day.random() > 0.06
      return comes
        ? booking(day.between('13:30', '21:00'), 'checked_in', stay)
        : booking(day.at('23:30'), 'no_show', stay)
    }),
    ...late.map((stay) => booking(day.at('06:30'), 'no_show', stay)),
  ]
}

/** Six new ones, a walk-in, a cancellation by the guest and one by the front desk. */
function bookings(day: Day): Act[] {
  const { date, house, random } = day
  const free = house.rooms.filter(
    ({ room_number }) => !house.stays.some((s) => s.room_number === room_number),
  )
  const id = (n: number) => `${date.replaceAll('-', '')}N${String(n).padStart(3, '0')}`
  const acts = Array.from({ length: 6 }, (_, n): Act[] => {
    const room = free[n + 1]
    if (!room) return []
    const from = addDays(date, 1 + Math.floor(random() * 2))
    const to = addDays(from, 1 + Math.floor(random() * 3))
    const stay = planStay(id(n), room, { check_in: from, check_out: to }, random)
    return [booking(day.between('08:00', '20:00'), 'new_booking', stay)]
  }).flat()
  const [room] = free
  if (room) {
    const walkIn = planStay(id(90), room, { check_in: date, check_out: addDays(date, 1) }, random)
    acts.push(booking(day.at('16:30'), 'new_booking', walkIn), booking(day.at('16:45'), 'checked_in', walkIn))
  }
  const [first, second, third] = house.stays.filter((s) => s.status === 'confirmed' && s.check_in > date)
  if (first) acts.push(booking(day.at('10:15'), 'cancelled', first))
  if (second) {
    const parameters = { booking_id: second.booking_id, reason: 'Asked for by telephone' }
    acts.push(
      ask(
        day.at('11:10'),
        'cancel_booking',
        { ...parameters, refund_amount: second.total_amount },
        `cancel-${date}`,
      ),
    )
  }
  if (third) acts.push(...refundedTwice(day, third))
  return acts
}

/** The accounts have promised a refund already, and the room is sold again at once: half way, and no way back. */
function refundedTwice(day: Day, { booking_id, total_amount: refund_amount }: Stay): Act[] {
  const parameters = { booking_id, reason: 'The flight was cancelled', refund_amount }
  return [
    { at: day.at('11:20'), do: 'promise_refund', bookingId: booking_id, amount: refund_amount },
    ask(day.at('11:30'), 'cancel_booking', parameters, `cancel-twice-${day.date}`),
  ]
}

/** What people of the house make of what waits for them. */
function inbox(day: Day): Act[] {
  const settle = (time: string, kind: string, action: string, by: string): Act => ({
    at: day.at(time),
    do: 'settle',
    ...{ kind, action, by },
  })
  return [
    settle('09:30', 'attendance_review', 'accept', 'EMP006'),
    settle('09:45', 'rejected_event', 'dismiss', 'EMP001'),
    settle('11:15', 'unknown_room', 'dismiss', 'EMP002'),
    settle('16:00', 'refund_request', 'mark_paid', 'EMP001'),
    settle('18:15', 'failed_run', 'dismiss', 'EMP006'),
    settle('18:20', 'flagged_run', 'mark_mended', 'EMP006'),
  ]
}

const REQUESTS = [
  { text: 'Cho tôi xin thêm hai khăn tắm', finished: 12 },
  { text: 'The air conditioning does not cool any more', finished: 21 },
  { text: 'Phòng bên cạnh ồn quá, nhờ lễ tân giúp', finished: undefined },
]

/** The last one is forgotten: after half an hour it is the duty manager's. */
function requests(day: Day): Act[] {
  const staying = day.house.stays.filter((s) => s.status === 'checked_in' && s.check_out > day.date)
  return REQUESTS.flatMap(({ text, finished }, n) => {
    const stay = staying[(n * 7) % Math.max(1, staying.length)]
    if (!stay) return []
    const parameters = { booking_id: stay.booking_id, room_number: stay.room_number, text }
    const act = ask(
      day.between('09:00', '20:00'),
      'handle_guest_request',
      parameters,
      `request-${n}-${day.date}`,
    )
    return [{ ...act, ...(finished === undefined ? {} : { finishedAfterMinutes: finished }) }]
  })
}

/** Two rooms mistyped, a leak that is seen twice, a room move, and one that fails half way: the room is taken, and nobody told the hotel. */
function mishaps(day: Day): Act[] {
  const { date, house } = day
  const leak = {
    ...{
      anomaly_type: 'water_leak',
      severity: 'high',
      source: 'sensor_bath_508',
      room_number: '508',
      score: 0.97,
    },
    description: 'Humidity rose by 40 % in ten minutes',
  }
  const slip = { room_number: '50B', old_status: 'dirty', new_status: 'clean', updated_by: 'EMP002' }
  const acts: Act[] = [
    event(day.at('10:40'), 'room_status', `slip-1-${date}`, slip),
    event(day.at('10:50'), 'room_status', `slip-2-${date}`, { ...slip, room_number: '5O8' }),
    event(day.at('15:05'), 'anomaly', `leak-1-${date}`, leak),
    event(day.at('15:09'), 'anomaly', `leak-2-${date}`, { ...leak, score: 0.98 }),
    { at: day.at('15:12'), do: 'acknowledge', workflow: 'handle_anomaly' },
  ]
  const staying = house.stays.filter((s) => s.status === 'checked_in' && s.check_out > date)
  const free = house.rooms.filter(
    ({ room_number }) => !house.stays.some((s) => s.room_number === room_number),
  )
  const [moved, unlucky] = [staying[1], staying[3]]
  const [to, elsewhere] = free.slice(-2)
  if (moved && to) acts.push(move(day.at('14:20'), moved, to, `move-1-${date}`))
  if (unlucky && elsewhere) {
    acts.push({ at: day.at('17:39'), do: 'take_unannounced', roomNumber: elsewhere.room_number, date })
    acts.push(move(day.at('17:40'), unlucky, elsewhere, `move-2-${date}`))
  }
  return acts
}

function move(at: Date, stay: Stay, to: Room, key: string): Act {
  const reason = 'The shower does not drain'
  return ask(at, 'move_guest_room', { booking_id: stay.booking_id, to_room: to.room_number, reason }, key)
}

function booking(at: Date, type: string, stay: Stay): Act {
  const { booking_id, guest, room_number, room_type, check_in, check_out, total_amount } = stay
  const room_data = { room_number, room_type, check_in, check_out, total_amount }
  const told = type === 'new_booking' ? { guest_data: guest, room_data } : { room_data: { room_number } }
  return event(at, 'booking', `${type}-${booking_id}`, { booking_id, event_type: type, ...told })
}

function event(at: Date, kind: OutgoingEvent['kind'], key: string, body: object): Act {
  const timestamp = `${at.toISOString().slice(0, 19)}Z`
  return { at, do: 'event', event: { kind, key, body: { ...body, timestamp } } }
}

function ask(at: Date, workflow: string, parameters: object, key: string): Act & { do: 'ask' } {
  return { at, do: 'ask', workflow, parameters, key }
}
