/** When a guest may be moved to another room, and what to say when not. */

import { phaseOf } from '../booking-phase.ts'
import type { RoomState } from '../rooms/room-state.rules.ts'
import type { BookingToChange } from './booking.rules.ts'

export type MoveRefusal =
  | 'booking_not_found'
  | 'booking_not_active'
  | 'no_room_assigned'
  | 'wrong_room'
  | 'same_room'
  | 'not_in_property_system'
  | 'other_room_in_property_system'

/** Of the new room, or of the booking by the time it is to have it. */
export type HoldRefusal =
  | 'room_not_found'
  | 'room_held'
  | 'room_in_maintenance'
  | 'room_occupied'
  | 'room_not_clean'
  | 'room_assigned'
  | 'booking_changed'

const SENTENCES: Record<MoveRefusal | HoldRefusal, string> = {
  booking_not_found: 'There is no such booking.',
  booking_not_active: 'The guest has left, was cancelled or did not come.',
  no_room_assigned: 'The booking has no room yet: assign one instead of moving.',
  wrong_room: 'The booking has another room than the move starts from.',
  same_room: 'The booking has this room already.',
  not_in_property_system: 'The property system does not know this booking.',
  other_room_in_property_system:
    'The property system has the booking in another room: bring the two in line first.',
  room_not_found: 'The hotel has no such room.',
  room_held: 'The room is held for another move.',
  room_in_maintenance: 'The room is out of order or out of service.',
  room_occupied: 'The room is occupied.',
  room_not_clean: 'The room is neither clean nor inspected.',
  room_assigned: 'The room belongs to another booking in one of these nights.',
  booking_changed: 'The booking was changed while the move was made.',
}

export const inWords = (refusal: MoveRefusal | HoldRefusal): string => SENTENCES[refusal]

/** `fromRoom`: where the caller believes the guest to be; `propertyRoom`: undefined without a property system. */
export function refusalToMove(
  booking: BookingToChange | undefined,
  move: { fromRoom: string | undefined; toRoom: string },
  property: { roomNumber: string | null } | null | undefined,
): MoveRefusal | undefined {
  if (!booking) return 'booking_not_found'
  if (booking.phase !== 'open' && booking.phase !== 'checked_in') return 'booking_not_active'
  if (booking.roomNumber === null) return 'no_room_assigned'
  if (move.fromRoom !== undefined && move.fromRoom !== booking.roomNumber) return 'wrong_room'
  if (move.toRoom === booking.roomNumber) return 'same_room'
  if (property === undefined) return undefined
  if (property === null) return 'not_in_property_system'
  // Moved there already, by hand: the rest is still to do.
  const knows = property.roomNumber === booking.roomNumber || property.roomNumber === move.toRoom
  return knows ? undefined : 'other_room_in_property_system'
}

/** `others`: bookings that have the room in these nights. */
export function refusalToHold(
  room: { state: RoomState; heldFor: string | null } | undefined,
  others: readonly { status: string | null }[],
): HoldRefusal | undefined {
  if (!room) return 'room_not_found'
  const { maintenance, occupancy, housekeeping } = room.state
  if (maintenance !== 'none') return 'room_in_maintenance'
  if (occupancy !== 'vacant') return 'room_occupied'
  if (housekeeping !== 'clean' && housekeeping !== 'inspected') return 'room_not_clean'
  if (room.heldFor !== null) return 'room_held'
  const taken = others.some(({ status }) => ['open', 'checked_in'].includes(phaseOf(status)))
  return taken ? 'room_assigned' : undefined
}
