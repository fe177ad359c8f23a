import { defineTransaction } from '../../platform/engine/flow.ts'
import { bodyHash } from '../../platform/engine/ids.ts'
import { STORE_RETRY } from '../../platform/engine/retries.ts'
import { toInstant } from '../../platform/time/local-time.ts'
import { businessDate } from '../business-date.ts'
import type { HotelDeps } from '../deps.ts'
import { bookingLock, roomLock } from '../locks.ts'
import { orderCleaning } from '../rooms/cleaning-orders.tasks.ts'
import { applyRoomChange } from '../rooms/room-changes.tasks.ts'
import type { BookingEvent } from './booking.event.ts'
import type { BookingDetails, RoomEffect } from './booking.rules.ts'
import { applyBookingChange, type BookingOnRecord, effectsOnRecord } from './booking-changes.tasks.ts'

/**
 * Takes one event of the property system on record: guest, booking and history. The runs that an event starts side by
 * side all begin with it; the first one records, the others find it recorded and answer the same.
 */
export const recordBooking = defineTransaction<HotelDeps, BookingEvent, BookingOnRecord>({
  name: 'record_booking',
  lock: (event) => bookingLock(event.booking_id),
  retry: STORE_RETRY,
  async run({ hotel }, event, { sql, runId, log }) {
    const recorded = await applyBookingChange(sql, {
      bookingId: event.booking_id,
      at: toInstant(event.timestamp, hotel.timezone),
      // The event itself, however often and under whichever key it was sent.
      key: bodyHash(event),
      act: event.event_type,
      details: detailsOf(event, hotel.timezone),
      runId,
    })
    const { refused, effects } = recorded
    if (refused) log('refused: kept in the history, not applied', { event_type: event.event_type, refused })
    else log('booking recorded', { event_type: event.event_type, room_effects: effects.length })
    return recorded
  },
})

function detailsOf(event: BookingEvent, timezone: string): BookingDetails {
  const { guest_data, room_data, payment_status, vip, expected_arrival } = event
  const arrival = expected_arrival && toInstant(expected_arrival, timezone).toISOString()
  return { guest_data, room_data, payment_status, vip, ...(arrival ? { expected_arrival: arrival } : {}) }
}

/** What a change of this booking means for a room. */
export interface BookingRoomEffect extends RoomEffect {
  bookingId: string
}

export interface SettledRoom {
  roomNumber: string
  status: string
  /** Why the room's own rules refused it; it is kept in the room's history. */
  refused: string | null
  cleaningOrdered: boolean
}

/**
 * Brings one room in line with the booking: the guest has moved in, or has left and the room is to be cleaned. Once per
 * effect; the room's own history puts a late one in its place. Whether the effect is true is asked of the booking under
 * the room's lock: of two runs with one effect, the one that comes last may be the one that knows less.
 */
export const settleRoom = defineTransaction<HotelDeps, BookingRoomEffect, SettledRoom>({
  name: 'settle_room',
  lock: ({ roomNumber }) => roomLock(roomNumber),
  retry: STORE_RETRY,
  async run({ hotel }, { bookingId, kind, roomNumber, at, key }, { sql, runId, log }) {
    const withdrawn = !(await effectsOnRecord(sql, bookingId)).some((effect) => effect.key === key)
    const word = kind === 'occupy' ? 'occupied' : 'vacant'
    const when = new Date(at)
    const change = {
      roomNumber,
      at: when,
      key,
      source: 'booking',
      by: null,
      change: { word },
      runId,
      roomsFromEvents: hotel.roomsFromEvents,
      withdrawn,
    } as const
    const { status, refused, superseded } = await applyRoomChange(sql, change)
    // A check-out reported late, of a room that has been made since, needs no more cleaning.
    const cleaningOrdered = kind === 'vacate' && refused === null && (!superseded || status === 'dirty')
    if (cleaningOrdered) {
      const order = { roomNumber, businessDate: businessDate(when, hotel), runId }
      await orderCleaning(sql, { ...order, kind: 'departure', reason: 'check_out' })
    }
    log(withdrawn ? `the room never was ${word}` : `the room is ${word}`, {
      room: roomNumber,
      status,
      refused,
      superseded,
    })
    return { roomNumber, status, refused, cleaningOrdered }
  },
})
