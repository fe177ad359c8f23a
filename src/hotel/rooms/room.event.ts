import { z } from 'zod'
import { Instant } from '../../platform/contract/instant.ts'
import { defineEvent } from '../../platform/events/define-event.ts'
import { RoomNumber } from '../words.ts'

/**
 * The one word a sender says about a room. Each moves one of the room's independent axes (`room-state.rules.ts`):
 * housekeeping `dirty | pickup | clean | inspected`; front office `vacant | occupied`; maintenance `out_of_service |
 * out_of_order | in_service`; the guest's wish `dnd | make_up | declined | no_wish`.
 */
export const ROOM_STATUSES = [
  'dirty',
  'pickup',
  'clean',
  'inspected',
  'vacant',
  'occupied',
  'out_of_service',
  'out_of_order',
  'in_service',
  'dnd',
  'make_up',
  'declined',
  'no_wish',
] as const
export const RoomStatusWord = z.enum(ROOM_STATUSES, { error: `must be one of ${ROOM_STATUSES.join(', ')}` })
export type RoomStatusWord = z.infer<typeof RoomStatusWord>

/**
 * A room changed: seen by a camera, reported by housekeeping, or set in the property system. `old_status` is what the
 * sender believed and decides nothing. `timestamp` without an offset is read in the hotel's timezone.
 */
export const RoomStatusEvent = z
  .object({
    room_number: RoomNumber,
    old_status: z.string().max(50).optional(),
    new_status: RoomStatusWord,
    updated_by: z.string().min(1).max(100).optional(),
    timestamp: Instant,
    /** Why, for maintenance. */
    reason: z.string().max(500).optional(),
    /** Of maintenance: until when it is planned to last, and what the room returns to. */
    until: Instant.optional(),
    return_status: z.enum(['dirty', 'pickup', 'clean', 'inspected']).optional(),
    analysis_data: z
      .object({
        confidence: z.number().min(0).max(1).optional(),
        tags: z.array(z.string().max(100)).max(100).optional(),
      })
      .optional(),
  })
  .meta({
    id: 'RoomStatusEvent',
    description: 'A room changed its housekeeping, occupancy, maintenance or service state',
    examples: [
      {
        room_number: '201',
        old_status: 'dirty',
        new_status: 'clean',
        updated_by: 'EMP005',
        timestamp: '2025-01-17T11:00:00Z',
        analysis_data: { confidence: 0.92, tags: ['bed_made', 'bathroom_clean', 'amenities_complete'] },
      },
    ],
  })
export type RoomStatusEvent = z.infer<typeof RoomStatusEvent>

/** Whether the word can make a room ready for a waiting guest. */
export function mayMakeReady(word: RoomStatusWord): boolean {
  return word === 'clean' || word === 'inspected'
}

export const roomStatus = defineEvent({
  name: 'room_status',
  summary: 'A room changed its state',
  schema: RoomStatusEvent,
  queue: 'room.events',
  routingKeys: ['room_status.#', 'room.#'],
  flows: ['update_room_status', 'update_room_status_db', 'check_guest_waiting'],
  starts: () => ['update_room_status'],
  reserves: ({ new_status }) =>
    mayMakeReady(new_status) ? ['update_room_status_db', 'check_guest_waiting'] : ['update_room_status_db'],
  message: 'Room status event received and workflows triggered',
})
