/** A hotel's own books, as its property system keeps them: what the simulated property systems serve. */
import type { PropertyRoom, Reservation } from '../../src/hotel/services/pms/property-system.ts'

export type NewReservation = Pick<Reservation, 'bookingId' | 'checkIn' | 'checkOut'> & Partial<Reservation>
export type NewRoom = Pick<PropertyRoom, 'roomNumber'> & Partial<PropertyRoom>
/** What a caller asked for and got: `key` is its Idempotency-Key, where the property system takes one. */
export interface AppliedWrite {
  act: 'set_housekeeping' | 'move' | 'cancel' | 'reinstate'
  /** Of the booking or the room. */
  id: string
  key: string | undefined
  change: Record<string, string | null>
}
/** Why it was not done; undefined: it was. */
export type Refused =
  | 'not_found'
  | 'unknown_room'
  | 'room_taken'
  | 'moved_meanwhile'
  | 'wrong_status'
  | undefined

const CONDITIONS = ['dirty', 'clean', 'inspected'] as const

interface Books {
  readonly reservations: Map<string, Reservation>
  readonly rooms: Map<string, PropertyRoom>
  /** Bookings whose room is sold again as soon as they are cancelled: they cannot be reinstated. */
  readonly soldAgain: Set<string>
}

/** Throws when there is no such reservation. */
interface FrontDesk {
  add(reservation: NewReservation): Reservation
  modify(bookingId: string, change: Partial<Reservation>): Reservation
  checkIn(bookingId: string): Reservation
  checkOut(bookingId: string): Reservation
}

interface ApiActs {
  /** What callers of the API changed, oldest first; what the front desk did itself is not in it. */
  readonly writes: AppliedWrite[]
  setHousekeeping(roomNumber: string, condition: string, key?: string): Refused
  move(bookingId: string, from: string | null, to: string, key?: string): Refused
  cancel(bookingId: string, key?: string): Refused
  reinstate(bookingId: string, key?: string): Refused
}

export interface PropertyHotel extends Books, FrontDesk, ApiActs {}

export function createPropertyHotel(
  start: { rooms: NewRoom[]; reservations: NewReservation[] },
  now: () => Date,
): PropertyHotel {
  const untold = { roomType: null, condition: 'clean', occupied: false } as const
  const books = {
    reservations: new Map<string, Reservation>(),
    rooms: new Map(start.rooms.map((room) => [room.roomNumber, { ...untold, ...room }])),
    soldAgain: new Set<string>(),
  }
  const desk = openFrontDesk(books, now)
  for (const reservation of start.reservations) desk.add(reservation)
  return { ...books, ...desk, ...takeApiActs(books, desk) }
}

function openFrontDesk({ reservations, rooms }: Books, now: () => Date): FrontDesk {
  function put(reservation: Reservation): Reservation {
    reservations.set(reservation.bookingId, reservation)
    return reservation
  }
  function modify(bookingId: string, change: Partial<Reservation>): Reservation {
    const known = reservations.get(bookingId)
    if (!known) throw new Error(`No reservation ${bookingId}`)
    return put({ ...known, modifiedAt: now().toISOString(), ...change })
  }
  return {
    add: (reservation) => put({ ...UNTOLD, modifiedAt: now().toISOString(), ...reservation }),
    modify,
    checkIn(bookingId) {
      const reservation = modify(bookingId, { status: 'checked_in' })
      setRoom(rooms, reservation.roomNumber, { occupied: true })
      return reservation
    },
    checkOut(bookingId) {
      const reservation = modify(bookingId, { status: 'checked_out' })
      setRoom(rooms, reservation.roomNumber, { occupied: false, condition: 'dirty' })
      return reservation
    },
  }
}

function takeApiActs({ reservations, rooms, soldAgain }: Books, desk: FrontDesk): ApiActs {
  const writes: AppliedWrite[] = []
  function applied(
    act: AppliedWrite['act'],
    id: string,
    change: AppliedWrite['change'],
    key?: string,
  ): undefined {
    writes.push({ act, id, change, key })
  }
  return {
    writes,
    setHousekeeping(roomNumber, text, key) {
      const condition = CONDITIONS.find((known) => known === text)
      if (!rooms.has(roomNumber)) return 'unknown_room'
      if (!condition) return 'wrong_status'
      // Of a room only: no reservation was modified.
      setRoom(rooms, roomNumber, { condition })
      return applied('set_housekeeping', roomNumber, { condition }, key)
    },
    move(bookingId, from, to, key) {
      const reservation = reservations.get(bookingId)
      const room = rooms.get(to)
      if (!reservation) return 'not_found'
      if (!room) return 'unknown_room'
      if (reservation.roomNumber === to) return undefined
      if (reservation.roomNumber !== from) return 'moved_meanwhile'
      if (room.occupied) return 'room_taken'
      desk.modify(bookingId, { roomNumber: to, roomType: room.roomType })
      if (reservation.status === 'checked_in') {
        setRoom(rooms, from, { occupied: false, condition: 'dirty' })
        setRoom(rooms, to, { occupied: true })
      }
      return applied('move', bookingId, { from, to }, key)
    },
    cancel(bookingId, key) {
      const status = reservations.get(bookingId)?.status
      if (status === undefined) return 'not_found'
      if (status === 'cancelled') return undefined
      if (status !== 'confirmed' && status !== 'not_confirmed') return 'wrong_status'
      desk.modify(bookingId, { status: 'cancelled' })
      return applied('cancel', bookingId, {}, key)
    },
    reinstate(bookingId, key) {
      const status = reservations.get(bookingId)?.status
      if (status === undefined) return 'not_found'
      if (status !== 'cancelled') return undefined
      if (soldAgain.has(bookingId)) return 'wrong_status'
      desk.modify(bookingId, { status: 'confirmed' })
      return applied('reinstate', bookingId, {}, key)
    },
  }
}

function setRoom(rooms: Books['rooms'], roomNumber: string | null, change: Partial<PropertyRoom>): void {
  const room = rooms.get(roomNumber ?? '')
  if (room) rooms.set(room.roomNumber, { ...room, ...change })
}

const UNTOLD = {
  status: 'confirmed',
  guestId: null,
  guestName: null,
  guestEmail: null,
  guestPhone: null,
  guestCountry: null,
  roomNumber: null,
  roomType: null,
  totalAmount: null,
} as const
