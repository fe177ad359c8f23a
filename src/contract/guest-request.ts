import { z } from 'zod'
import { BookingId } from './booking-event.ts'
import { RoomNumber } from './room-event.ts'

/** What a guest wants, in the guest's own words: from the chat, the phone or the desk. */
export const GuestRequest = z
  .object({
    booking_id: BookingId.optional(),
    guest_id: z.string().min(1).max(100).optional(),
    room_number: RoomNumber.optional(),
    text: z.string().trim().min(1).max(2_000),
    /** Of the text; default: the hotel's. */
    language: z
      .string()
      .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language code, for example vi or en')
      .optional(),
    /** Where it came from. */
    channel: z.string().min(1).max(50).optional(),
  })
  .refine(({ booking_id, guest_id, room_number }) => (booking_id ?? guest_id ?? room_number) !== undefined, {
    message: 'booking_id, guest_id or room_number is required: whose request is it?',
    path: ['room_number'],
  })
  .meta({
    id: 'GuestRequest',
    examples: [{ room_number: '201', text: 'Cho tôi xin thêm hai khăn tắm', language: 'vi' }],
  })
export type GuestRequest = z.infer<typeof GuestRequest>
