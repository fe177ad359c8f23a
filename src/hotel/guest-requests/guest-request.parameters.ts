import { z } from 'zod'
import { BookingId, GuestId, Language, RoomNumber } from '../words.ts'

/** What a guest wants, in the guest's own words: from the chat, the phone or the desk. */
export const GuestRequest = z
  .object({
    booking_id: BookingId.optional(),
    guest_id: GuestId.optional(),
    room_number: RoomNumber.optional(),
    text: z.string().trim().min(1).max(2_000),
    /** Of the text; default: the hotel's. */
    language: Language.optional(),
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
