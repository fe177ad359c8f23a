import { describe, expect, it } from 'vitest'
import { refusalInWords, refusalToCancel } from '../../../../src/hotel/bookings/cancellation.rules.ts'
import { inWords, refusalToHold, refusalToMove } from '../../../../src/hotel/bookings/room-move.rules.ts'
import { halfUndoneText } from '../../../../src/hotel/messages/saga-alert-text.rules.ts'
import { type RoomState, UNKNOWN_ROOM } from '../../../../src/hotel/rooms/room-state.rules.ts'

const BOOKING = { phase: 'open', roomNumber: '201' } as const
const MOVE = { fromRoom: undefined, toRoom: '305' }
const IN_ROOM = { roomNumber: '201' }

describe('a move', () => {
  it.each([
    [undefined, BOOKING, MOVE, undefined],
    [undefined, { ...BOOKING, phase: 'checked_in' }, { ...MOVE, fromRoom: '201' }, IN_ROOM],
    [undefined, BOOKING, MOVE, { roomNumber: '305' }],
    ['booking_not_found', undefined, MOVE, IN_ROOM],
    ['booking_not_active', { ...BOOKING, phase: 'checked_out' }, MOVE, IN_ROOM],
    ['no_room_assigned', { ...BOOKING, roomNumber: null }, MOVE, IN_ROOM],
    ['wrong_room', BOOKING, { ...MOVE, fromRoom: '202' }, IN_ROOM],
    ['same_room', BOOKING, { ...MOVE, toRoom: '201' }, IN_ROOM],
    ['not_in_property_system', BOOKING, MOVE, null],
    ['other_room_in_property_system', BOOKING, MOVE, { roomNumber: null }],
  ] as const)('%s', (refusal, booking, move, property) => {
    expect(refusalToMove(booking, move, property)).toBe(refusal)
    if (refusal) expect(inWords(refusal)).toMatch(/\.$/)
  })
})

describe('a new room', () => {
  const room = (state: Partial<RoomState>, heldFor: string | null = null) => ({
    state: { ...UNKNOWN_ROOM, housekeeping: 'clean' as const, ...state },
    heldFor,
  })
  it.each([
    [undefined, room({}), []],
    [undefined, room({ housekeeping: 'inspected' }), [{ status: 'Cancelled' }, { status: 'no_show' }]],
    ['room_not_found', undefined, []],
    ['room_in_maintenance', room({ maintenance: 'out_of_service' }), []],
    ['room_occupied', room({ occupancy: 'occupied' }), []],
    ['room_not_clean', room({ housekeeping: 'pickup' }), []],
    ['room_held', room({}, 'BOOK9'), []],
    ['room_assigned', room({}), [{ status: 'Confirmed' }]],
  ] as const)('%s', (refusal, given, others) => {
    expect(refusalToHold(given, others)).toBe(refusal)
  })
})

describe('a cancellation', () => {
  const booking = { ...BOOKING, totalAmount: 1_000 }
  it.each([
    [undefined, booking, 1_000, undefined],
    [undefined, { ...booking, totalAmount: null }, 5_000, { status: 'confirmed' }],
    [undefined, booking, 0, { status: 'cancelled' }],
    ['booking_not_found', undefined, 0, undefined],
    ['already_cancelled', { ...booking, phase: 'cancelled' }, 0, undefined],
    ['guest_is_checked_in', { ...booking, phase: 'checked_in' }, 0, undefined],
    ['guest_is_checked_in', booking, 0, { status: 'checked_in' }],
    ['booking_is_closed', { ...booking, phase: 'no_show' }, 0, undefined],
    ['not_in_property_system', booking, 0, null],
    ['refund_exceeds_total', booking, 1_001, undefined],
  ] as const)('%s', (refusal, given, refund, property) => {
    expect(refusalToCancel(given, refund, property)).toBe(refusal)
    if (refusal) expect(refusalInWords(refusal)).toMatch(/\.$/)
  })
})

it('the duty manager’s message cannot be made to page a channel', () => {
  const about = { what: 'The cancellation', bookingId: '<!channel>', runId: 'fr_1' }
  expect(halfUndoneText('slack', about)).toContain('&lt;!channel&gt;')
  expect(halfUndoneText('sms', about)).toContain('fr_1')
})
