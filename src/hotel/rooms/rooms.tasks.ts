import { defineTask, defineTransaction } from '../../platform/engine/flow.ts'
import { BRIEF_RETRY, STORE_RETRY } from '../../platform/engine/retries.ts'
import { toInstant } from '../../platform/time/local-time.ts'
import { businessDate } from '../business-date.ts'
import type { DatabaseDeps, HotelDeps, OutsideDeps } from '../deps.ts'
import { bookingLock, roomLock } from '../locks.ts'
import { cancelCleaning } from './cleaning-orders.tasks.ts'
import type { RoomStatusEvent } from './room.event.ts'
import { applyRoomChange } from './room-changes.tasks.ts'
import { isReady, looksDirtySince, staleAt } from './room-ready.rules.ts'
import { type RoomRefusal, stateOfRow } from './room-state.rules.ts'
import { readRoom } from './rooms.sql.ts'
import { findWaitingBooking, markNotified } from './waiting-guests.sql.ts'

/** What an event did to its room. Plain JSON: it is checkpointed. */
export interface RoomUpdate {
  room_number: string
  /** The room's single word before and now; null: the hotel's table did not have the room. */
  previous_status: string | null
  status: string
  applied: boolean
  refused: RoomRefusal | null
  /** The event came late: newer ones count. */
  superseded: boolean
  unknown_room: boolean
}

/**
 * Puts the event among all that is known about the room, and makes the room what it then is, once per event. An
 * inspected room needs no cleaning that nobody has begun.
 */
export const updateRoomStatusDb = defineTransaction<HotelDeps, RoomStatusEvent, RoomUpdate>({
  name: 'update_room_status_db',
  lock: (event) => roomLock(event.room_number),
  retry: STORE_RETRY,
  async run({ hotel }, event, { sql, runId, eventId }) {
    const { reason = null, until, return_status = null } = event
    const at = toInstant(event.timestamp, hotel.timezone)
    const done = await applyRoomChange(sql, {
      roomNumber: event.room_number,
      at,
      key: eventId ?? runId,
      source: 'event',
      by: event.updated_by ?? null,
      change: {
        word: event.new_status,
        reason,
        until: until === undefined ? null : toInstant(until, hotel.timezone).toISOString(),
        return_status,
      },
      runId,
      roomsFromEvents: hotel.roomsFromEvents,
    })
    if (event.new_status === 'inspected' && done.applied && !done.superseded) {
      const today = businessDate(at, hotel)
      await cancelCleaning(sql, { roomNumber: event.room_number, businessDate: today, reason: 'inspected' })
    }
    return {
      room_number: event.room_number,
      previous_status: done.previousStatus,
      status: done.status,
      applied: done.applied,
      refused: done.refused,
      superseded: done.superseded,
      unknown_room: done.unknownRoom,
    }
  },
})

/** A guest whose room is ready, and who does not know it yet. */
export interface WaitingGuest {
  booking_id: string
  business_date: string
  /** Since when the room is as it is, ISO 8601; null: not known. */
  room_changed_at: string | null
  /** How long to wait before the second look. */
  delay_seconds: number
  /** What the guest is told, 'HH:MM'. */
  check_in_time: string
  /** When the news is stale, ISO 8601. */
  stale_at: string
}

/** Null: the room is not ready, or nobody waits for it. `now` is the flow's clock, ISO 8601. */
export const checkGuestWaitingForRoom = defineTask<
  DatabaseDeps & HotelDeps,
  { room_number: string; now: string },
  WaitingGuest | null
>({
  name: 'check_guest_waiting_for_room',
  retry: STORE_RETRY,
  async run({ database, hotel }, { room_number, now }, { log }) {
    const room = await readRoom(database, room_number)
    const state = room && stateOfRow(room)
    if (!state || !isReady(state, hotel)) return notWaiting(log, 'the room is not ready')
    const today = businessDate(new Date(now), hotel)
    const booking = await findWaitingBooking(database, room_number, today)
    if (!booking) return notWaiting(log, 'nobody waits for the room')
    if (room.held_for !== null && room.held_for !== booking.id)
      return notWaiting(log, 'the room is held for a move')
    return {
      booking_id: booking.id,
      business_date: today,
      room_changed_at: state.changed_at,
      delay_seconds: hotel.roomReadyDelaySeconds,
      check_in_time: hotel.checkInTime,
      stale_at: staleAt(today, hotel).toISOString(),
    }
  },
})

function notWaiting(log: (message: string) => void, why: string): null {
  log(why)
  return null
}

/** Whether a camera saw a dirty room since it was reported ready. Without cameras nothing speaks against it. */
export const lookAtRoom = defineTask<
  Pick<OutsideDeps, 'cv'>,
  { room_number: string; changed_at: string | null },
  { looks_dirty: boolean }
>({
  name: 'look_at_room',
  retry: BRIEF_RETRY,
  timeoutSeconds: 30,
  async run({ cv }, { room_number, changed_at }, { signal }) {
    const seen = await cv?.latestRoomAnalysis(room_number, signal)
    return { looks_dirty: seen !== undefined && looksDirtySince(changed_at, seen) }
  },
})

/** The booking's guest was told. */
export const markGuestNotified = defineTransaction<unknown, { booking_id: string }, { marked: boolean }>({
  name: 'mark_guest_notified',
  lock: ({ booking_id }) => bookingLock(booking_id),
  retry: STORE_RETRY,
  run: async (_deps, { booking_id }, { sql }) => ({ marked: await markNotified(sql, booking_id) }),
})
