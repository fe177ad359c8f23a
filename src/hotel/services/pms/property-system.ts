/** The hotel's property system (PMS), whichever it is. Dates are 'YYYY-MM-DD' hotel days, amounts whole currency units. */
export type ReservationStatus =
  | 'confirmed'
  | 'not_confirmed'
  | 'checked_in'
  | 'checked_out'
  | 'cancelled'
  | 'no_show'

export interface Reservation {
  bookingId: string
  status: ReservationStatus
  guestId: string | null
  guestName: string | null
  guestEmail: string | null
  guestPhone: string | null
  /** ISO 3166 alpha-2. */
  guestCountry: string | null
  roomNumber: string | null
  roomType: string | null
  checkIn: string
  checkOut: string
  /** Null: not told. Cloudbeds tells it of a single reservation, never in a list: keep what is known. */
  totalAmount: number | null
  /**
   * ISO 8601 with its offset or Z; what tells which of two versions is newer. Some systems tell whole seconds: equal
   * does not mean unchanged.
   */
  modifiedAt: string
}

export interface PropertyRoom {
  roomNumber: string
  roomType: string | null
  condition: 'dirty' | 'clean' | 'inspected' | null
  occupied: boolean | null
}

/** `fromRoom` null: the reservation has no room yet. */
export interface RoomMove {
  bookingId: string
  fromRoom: string | null
  toRoom: string
}

/** `key`: the same for a repeat of the same act; sent where the property system takes one. */
export interface PmsCall {
  key: string
  signal: AbortSignal
}

export interface PropertySystem {
  readonly kind: 'cloudbeds' | 'rest'
  /** Undefined: no such reservation. */
  reservation(bookingId: string, signal: AbortSignal): Promise<Reservation | undefined>
  /**
   * Every reservation modified from `since` to `until`, each once, the newest version of it; given out when all pages
   * are read. The caller overlaps its windows: property systems miss changes at the edges, and some changes altogether.
   */
  modifiedBetween(since: Date, until: Date, signal: AbortSignal): AsyncIterable<Reservation>
  rooms(signal: AbortSignal): Promise<PropertyRoom[]>
  setHousekeeping(
    room: { roomNumber: string; condition: 'dirty' | 'clean' | 'inspected' },
    call: PmsCall,
  ): Promise<void>
  /**
   * A move that was made already is not made again. GiveUp when the reservation is in neither room, or has one where it
   * should have none: the front desk has decided otherwise meanwhile.
   */
  moveRoom(move: RoomMove, call: PmsCall): Promise<void>
  /** Cancelled already: nothing to do. */
  cancelReservation(bookingId: string, call: PmsCall): Promise<void>
  /** Takes a cancellation back; not cancelled: nothing to do. The reservation is confirmed, whatever it was before. */
  reinstateReservation(bookingId: string, call: PmsCall): Promise<void>
  close(): Promise<void>
}
