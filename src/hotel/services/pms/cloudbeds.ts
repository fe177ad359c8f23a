import type { Cache } from '../../../platform/cache/cache.ts'
import { GiveUp } from '../../../platform/engine/errors.ts'
import { type CloudbedsAccess, connectCloudbeds } from './cloudbeds-client.ts'
import { createCloudbedsRooms } from './cloudbeds-rooms.ts'
import {
  type FullReservation,
  fullReservation,
  listedReservation,
  ReservationAnswer,
  ReservationsAnswer,
} from './cloudbeds-wire.ts'
import { eachReservation } from './paging.ts'
import type { PropertySystem, RoomMove } from './property-system.ts'
import { createPropertyTime } from './property-time.ts'

export interface CloudbedsSettings extends CloudbedsAccess {
  cache: Cache
  /** IANA name of the property's timezone, in which Cloudbeds reads and writes date-times. */
  timezone: string
}

const PAGE_SIZE = 100

/**
 * Cloudbeds (API v1.3). One adapter per process: it holds the process to the rate that Cloudbeds allows.
 *
 * Cloudbeds takes no Idempotency-Key, so `PmsCall.key` goes nowhere: housekeeping sets a condition, which may be set
 * twice, and everything else looks at the reservation first and does nothing where all is as wanted already.
 */
export function createCloudbeds(settings: CloudbedsSettings): PropertySystem {
  const { propertyId, timezone, cache } = settings
  const time = createPropertyTime(timezone)
  const client = connectCloudbeds(settings)
  const { service } = client
  const rooms = createCloudbedsRooms(client, { propertyId, cache })
  const property: Record<string, string> = propertyId ? { propertyID: propertyId } : {}

  async function look(bookingId: string, signal: AbortSignal): Promise<FullReservation | undefined> {
    const query = { ...property, reservationID: bookingId }
    return (await client.find('getReservation', query, ReservationAnswer, signal))?.data
  }

  /** Before a write. */
  async function lookAt(bookingId: string, signal: AbortSignal): Promise<FullReservation> {
    const reservation = await look(bookingId, signal)
    if (reservation) return reservation
    throw new GiveUp(`${service}_not_found`, `"${service}" has no reservation ${bookingId}.`)
  }

  async function setStatus(bookingId: string, status: 'canceled' | 'confirmed', signal: AbortSignal) {
    await client.send('PUT', 'putReservation', { ...property, reservationID: bookingId, status }, signal)
  }

  return {
    kind: 'cloudbeds',
    rooms: rooms.rooms,
    setHousekeeping: rooms.setHousekeeping,
    async reservation(bookingId, signal) {
      const found = await look(bookingId, signal)
      return found && fullReservation(found, time)
    },
    modifiedBetween(since, until, signal) {
      const { from, to } = time.window(since, until)
      const wanted = { modifiedFrom: from, modifiedTo: to, includeGuestsDetails: true, includeAllRooms: true }
      return eachReservation(service, async (pageNumber) => {
        const query = { ...property, ...wanted, pageNumber, pageSize: PAGE_SIZE }
        const { data, total } = await client.get('getReservations', query, ReservationsAnswer, signal)
        return { rows: data.map((listed) => listedReservation(listed, time)), total }
      })
    },
    async moveRoom(move, { signal }) {
      const reservation = await lookAt(move.bookingId, signal)
      if (isMoved(reservation, move)) return
      const left = roomLeft(service, reservation, move)
      const { roomId, roomTypeId } = await rooms.named(move.toRoom, signal)
      const form = {
        ...property,
        reservationID: move.bookingId,
        ...left,
        newRoomID: roomId,
        roomTypeID: roomTypeId,
      }
      await client.send('POST', 'postRoomAssign', form, signal)
    },
    async cancelReservation(bookingId, { signal }) {
      const { status } = await lookAt(bookingId, signal)
      if (status !== 'cancelled') await setStatus(bookingId, 'canceled', signal)
    },
    async reinstateReservation(bookingId, { signal }) {
      const { status } = await lookAt(bookingId, signal)
      if (status === 'cancelled') await setStatus(bookingId, 'confirmed', signal)
    },
    close: () => client.close(),
  }
}

/** A stay in several rooms that still holds the one to be left has not moved. */
function isMoved({ assigned }: FullReservation, { fromRoom, toRoom }: RoomMove): boolean {
  const held = assigned.map(({ roomName }) => roomName)
  return held.includes(toRoom) && (fromRoom === null || fromRoom === toRoom || !held.includes(fromRoom))
}

/** Which of the reservation's rooms is changed; refused when the front desk has put the guest elsewhere meanwhile. */
function roomLeft(
  service: string,
  { assigned, unassigned }: FullReservation,
  { bookingId, fromRoom }: RoomMove,
): Record<string, string> {
  const room = fromRoom === null ? unassigned[0] : assigned.find(({ roomName }) => roomName === fromRoom)
  if (!room) {
    const expected = fromRoom === null ? 'has a room already' : `is not in room ${fromRoom}`
    throw new GiveUp(`${service}_moved_meanwhile`, `Reservation ${bookingId} ${expected} in "${service}".`)
  }
  const { subReservationID, roomID } = room
  return {
    ...(subReservationID ? { subReservationID } : {}),
    ...(fromRoom !== null && roomID ? { oldRoomID: roomID } : {}),
  }
}
