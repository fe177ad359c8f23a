/**
 * A hotel as Cloudbeds serves it, with its habits: ids for rooms, date-times in the property's own time, forms, refusals
 * with status 200, pages of at most 100, and a list of modified reservations that misses some.
 */
import type { PropertyRoom, Reservation } from '../../src/hotel/services/pms/property-system.ts'
import type { PropertyHotel, Refused } from './property-hotel.ts'
import type { SimulatedAnswer, SimulatedRequest } from './service-simulator.ts'

export interface CloudbedsHabits {
  apiKey: string
  propertyId: string
  timezone: string
  /** More are not given, whatever is asked for. */
  mostPerPage: number
}
type Handle = (request: SimulatedRequest) => SimulatedAnswer

const refused = (message: string): SimulatedAnswer => ({ body: { success: false, message } })
const REASONS: Record<NonNullable<Refused>, string> = {
  not_found: 'Reservation not found',
  unknown_room: 'Invalid Parameter: newRoomID',
  room_taken: 'Room is not available',
  moved_meanwhile: 'Invalid Parameter: oldRoomID',
  wrong_status: 'Status change is not allowed',
}
const settled = (why: Refused, data?: object): SimulatedAnswer =>
  why ? refused(REASONS[why]) : { body: { success: true, ...(data ? { data } : {}) } }

export function serveAsCloudbeds(hotel: PropertyHotel, habits: CloudbedsHabits): Handle {
  const paths: Record<string, Handle> = {
    'GET /getReservations': (request) => listReservations(hotel, request.query, habits),
    'GET /getReservation': ({ query }) => {
      const reservation = hotel.reservations.get(query.get('reservationID') ?? '')
      return reservation ? settled(undefined, fullOf(hotel, reservation, habits)) : settled('not_found')
    },
    'GET /getRooms': ({ query }) => {
      const { rows, total } = pageOf([...hotel.rooms.values()], query, habits.mostPerPage)
      const rooms = rows.map((room) => roomOf(hotel, room))
      return { body: { success: true, data: [{ propertyID: habits.propertyId, rooms }], count: 1, total } }
    },
    'GET /getHousekeepingStatus': ({ query }) => {
      const { rows, total } = pageOf([...hotel.rooms.values()], query, habits.mostPerPage)
      const data = rows.map((room) => ({
        ...roomOf(hotel, room),
        roomCondition: room.condition,
        roomOccupied: room.occupied,
      }))
      return { body: { success: true, data, count: data.length, total } }
    },
    'POST /postHousekeepingStatus': (request) => {
      const form = request.form()
      const condition = form.get('roomCondition') ?? ''
      const roomID = form.get('roomID') ?? ''
      return settled(hotel.setHousekeeping(roomWithId(hotel, roomID), condition), {
        roomID,
        roomCondition: condition,
      })
    },
    'POST /postRoomAssign': (request) => {
      const form = request.form()
      const from = form.has('oldRoomID') ? roomWithId(hotel, form.get('oldRoomID') ?? '') : null
      const to = roomWithId(hotel, form.get('newRoomID') ?? '')
      return settled(hotel.move(form.get('reservationID') ?? '', from, to))
    },
    'PUT /putReservation': (request) => {
      const form = request.form()
      const bookingId = form.get('reservationID') ?? ''
      if (form.get('status') === 'canceled') return settled(hotel.cancel(bookingId))
      if (form.get('status') === 'confirmed') return settled(hotel.reinstate(bookingId))
      return refused('Invalid Parameter: status')
    },
  }
  return (request) => {
    if (request.headers['x-api-key'] !== habits.apiKey) return { status: 401, body: { success: false } }
    const handle = paths[`${request.method} ${request.path}`]
    if (!handle) return { status: 404, body: { success: false, message: 'Method not found' } }
    const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')
    if (request.method !== 'GET' && !isForm) return refused('Invalid request format')
    const given = request.method === 'GET' ? request.query : request.form()
    const property = given.get('propertyID') ?? given.get('propertyIDs') ?? habits.propertyId
    return property === habits.propertyId
      ? handle(request)
      : refused("You don't have permission for this property")
  }
}

/** The most recent first. Changes of the last second of the window are not in it yet. */
function listReservations(
  hotel: PropertyHotel,
  query: URLSearchParams,
  habits: CloudbedsHabits,
): SimulatedAnswer {
  const from = Date.parse(`${query.get('modifiedFrom') ?? '1970-01-01 00:00:00'}Z`)
  const to = Date.parse(`${query.get('modifiedTo') ?? '2999-01-01 00:00:00'}Z`)
  if (Number.isNaN(from) || Number.isNaN(to)) return refused('Invalid Parameter: modifiedFrom')
  const modified = [...hotel.reservations.values()]
    .map((reservation) => ({ reservation, at: Date.parse(`${localOf(reservation.modifiedAt, habits)}Z`) }))
    .filter(({ at }) => at >= from && at < to - 1000)
    .sort((a, b) => b.at - a.at)
  const { rows, total } = pageOf(modified, query, habits.mostPerPage)
  const data = rows.map(({ reservation }) => ({
    ...stayOf(hotel, reservation, habits),
    guestID: guestIdOf(reservation),
    ...(query.get('includeAllRooms') === 'true' ? { rooms: [assignmentOf(hotel, reservation)] } : {}),
    ...(query.get('includeGuestsDetails') === 'true' ? { guestList: guestsOf(reservation) } : {}),
  }))
  return { body: { success: true, data, count: data.length, total } }
}

function pageOf<Row>(
  rows: Row[],
  query: URLSearchParams,
  mostPerPage: number,
): { rows: Row[]; total: number } {
  const size = Math.min(Number(query.get('pageSize') ?? 100), mostPerPage)
  const start = (Number(query.get('pageNumber') ?? 1) - 1) * size
  return { rows: rows.slice(start, start + size), total: rows.length }
}

function stayOf(hotel: PropertyHotel, reservation: Reservation, habits: CloudbedsHabits): object {
  // Both spellings occur.
  const property = hotel.reservations.size % 2 === 0 ? 'propertyID' : 'propertyId'
  return {
    [property]: habits.propertyId,
    reservationID: reservation.bookingId,
    dateModified: localOf(reservation.modifiedAt, habits),
    status: reservation.status === 'cancelled' ? 'canceled' : reservation.status,
    guestName: reservation.guestName ?? '',
    startDate: reservation.checkIn,
    endDate: reservation.checkOut,
    balance: 0,
  }
}

function fullOf(hotel: PropertyHotel, reservation: Reservation, habits: CloudbedsHabits): object {
  const room = assignmentOf(hotel, reservation)
  const [assigned, unassigned] = reservation.roomNumber === null ? [[], [room]] : [[room], []]
  return {
    ...stayOf(hotel, reservation, habits),
    guestEmail: reservation.guestEmail ?? '',
    guestList: guestsOf(reservation),
    total: reservation.totalAmount ?? 0,
    assigned,
    unassigned,
  }
}

/** An empty map is written as an empty list. */
function guestsOf(reservation: Reservation): object {
  const guestID = guestIdOf(reservation)
  if (guestID === undefined) return []
  const { guestEmail, guestPhone, guestCountry } = reservation
  const guest = {
    guestID,
    guestEmail: guestEmail ?? '',
    guestPhone: guestPhone ?? '',
    guestCountry: guestCountry ?? '',
  }
  return { [guestID]: { ...guest, isMainGuest: true } }
}

function guestIdOf({ guestId, guestName, bookingId }: Reservation): string | undefined {
  return guestId ?? (guestName === null ? undefined : `guest-of-${bookingId}`)
}

function assignmentOf(hotel: PropertyHotel, { bookingId, roomNumber, roomType }: Reservation): object {
  const type = {
    subReservationID: `${bookingId}-1`,
    roomTypeID: `type-${roomType}`,
    roomTypeName: roomType ?? '',
  }
  const room = hotel.rooms.get(roomNumber ?? '')
  return room ? { ...type, ...roomOf(hotel, room) } : { ...type, roomID: null }
}

function roomOf(hotel: PropertyHotel, { roomNumber, roomType }: PropertyRoom): object {
  const roomTypeName = roomType ?? 'Standard'
  const roomID = idOf(hotel, roomNumber)
  return { roomID, roomName: roomNumber, roomTypeID: `type-${roomTypeName}`, roomTypeName, isVirtual: false }
}

/** Nothing like the number, so that nobody takes the one for the other. */
function idOf(hotel: PropertyHotel, roomNumber: string): string {
  return `${7000 + [...hotel.rooms.keys()].indexOf(roomNumber)}-0`
}

function roomWithId(hotel: PropertyHotel, roomId: string): string {
  return [...hotel.rooms.keys()].find((roomNumber) => idOf(hotel, roomNumber) === roomId) ?? ''
}

function localOf(instant: string, { timezone: timeZone }: CloudbedsHabits): string {
  return new Date(instant).toLocaleString('sv-SE', { timeZone })
}
