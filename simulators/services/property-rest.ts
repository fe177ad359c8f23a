/** A hotel as a property system of its own serves it: the plain REST of docs/pms.md. It remembers Idempotency-Keys. */
import type { Reservation } from '../../src/hotel/services/pms/property-system.ts'
import type { PropertyHotel, Refused } from './property-hotel.ts'
import type { SimulatedAnswer, SimulatedRequest } from './service-simulator.ts'

const STATUSES: Record<NonNullable<Refused>, number> = {
  not_found: 404,
  unknown_room: 404,
  room_taken: 409,
  moved_meanwhile: 409,
  wrong_status: 409,
}
const settled = (why: Refused): SimulatedAnswer =>
  why ? { status: STATUSES[why], body: { code: why } } : { body: { done: true } }

export function serveAsRest(
  hotel: PropertyHotel,
  { apiKey, mostPerPage }: { apiKey: string; mostPerPage: number },
): (request: SimulatedRequest) => SimulatedAnswer {
  /** What was asked for under each key, and what was answered. */
  const remembered = new Map<string, { asked: string; answer: SimulatedAnswer }>()

  function writeOnce(request: SimulatedRequest): SimulatedAnswer {
    const key = request.headers['idempotency-key']
    if (typeof key !== 'string') return { status: 400, body: { code: 'idempotency_key_missing' } }
    const asked = `${request.method} ${request.path} ${request.text}`
    const before = remembered.get(key)
    if (before) return before.asked === asked ? before.answer : { status: 422, body: { code: 'key_reused' } }
    const answer = write(hotel, request, key)
    // A refusal changed nothing: asked again, it is judged again.
    if (answer.status === undefined) remembered.set(key, { asked, answer })
    return answer
  }

  return (request) => {
    if (request.headers.authorization !== `Bearer ${apiKey}`)
      return { status: 401, body: { code: 'unauthorized' } }
    return request.method === 'GET' ? read(hotel, request, mostPerPage) : writeOnce(request)
  }
}

function read(hotel: PropertyHotel, { path, query }: SimulatedRequest, mostPerPage: number): SimulatedAnswer {
  if (path === '/rooms') {
    const rooms = [...hotel.rooms.values()].map(({ roomNumber, roomType, condition, occupied }) => ({
      ...{ room_number: roomNumber, room_type: roomType },
      ...{ condition, occupied },
    }))
    return { body: { rooms } }
  }
  if (path === '/reservations') {
    const from = Date.parse(query.get('modified_from') ?? '')
    const to = Date.parse(query.get('modified_to') ?? '')
    if (Number.isNaN(from) || Number.isNaN(to)) return { status: 422, body: { code: 'window_missing' } }
    const found = [...hotel.reservations.values()]
      .filter(({ modifiedAt }) => Date.parse(modifiedAt) >= from && Date.parse(modifiedAt) <= to)
      .sort((a, b) => Date.parse(a.modifiedAt) - Date.parse(b.modifiedAt))
    const size = Math.min(Number(query.get('page_size') ?? 100), mostPerPage)
    const start = (Number(query.get('page') ?? 1) - 1) * size
    return { body: { reservations: found.slice(start, start + size).map(shown), total: found.length } }
  }
  const reservation = hotel.reservations.get(decodeURIComponent(path.replace('/reservations/', '')))
  return reservation ? { body: shown(reservation) } : settled('not_found')
}

function write(hotel: PropertyHotel, request: SimulatedRequest, key: string): SimulatedAnswer {
  const [, , encoded = '', act] = request.path.split('/')
  const id = decodeURIComponent(encoded)
  const body = request.json() as { condition?: string; from_room?: string | null; to_room?: string }
  if (request.method === 'PUT' && act === 'housekeeping') {
    return settled(hotel.setHousekeeping(id, body.condition ?? '', key))
  }
  if (act === 'move') return settled(hotel.move(id, body.from_room ?? null, body.to_room ?? '', key))
  if (act === 'cancel') return settled(hotel.cancel(id, key))
  return act === 'reinstate' ? settled(hotel.reinstate(id, key)) : settled('not_found')
}

function shown(reservation: Reservation): object {
  return {
    booking_id: reservation.bookingId,
    status: reservation.status,
    guest: {
      guest_id: reservation.guestId,
      name: reservation.guestName,
      email: reservation.guestEmail,
      phone: reservation.guestPhone,
      country: reservation.guestCountry,
    },
    room_number: reservation.roomNumber,
    room_type: reservation.roomType,
    check_in: reservation.checkIn,
    check_out: reservation.checkOut,
    total_amount: reservation.totalAmount,
    modified_at: reservation.modifiedAt,
  }
}
