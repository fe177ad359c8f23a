import { z } from 'zod'
import { Instant } from '../../platform/contract/instant.ts'
import { BookingId, GuestId } from '../words.ts'

/**
 * Each has its texts in `templates/messages/`, one file per language. Values that every text may use are added by
 * `send_guest_notification`: guest_name, hotel_name, check_in_time, check_out_time; with a booking also booking_id,
 * room_number, room_type, check_in_date, check_out_date, total_amount where it has them. A variable of the request
 * goes before them. Dates are given as 'YYYY-MM-DD' and written out in the language. Beyond those:
 * booking_cancelled: refund_amount · room_moved: room_number is the new one, old_room · request_received: request,
 * minutes (until somebody is there) · request_finished: request. All of these may be missing.
 */
export const GUEST_TEMPLATES = [
  'booking_confirmation',
  'booking_modified',
  'booking_cancelled',
  'checkin_ready',
  'room_moved',
  'request_received',
  'request_finished',
  'checkout_thanks',
] as const
export type GuestTemplate = (typeof GUEST_TEMPLATES)[number]

/** What guests are written to in; there is no other template. */
export const MESSAGE_LANGUAGES = ['vi', 'en'] as const
export type MessageLanguage = (typeof MESSAGE_LANGUAGES)[number]

/** What `send_guest_notification` is asked: by another flow, or by hand. */
export const GuestNotificationRequest = z
  .object({
    template: z.enum(GUEST_TEMPLATES),
    /** The booking's guest is written to; without a booking, the guest of `guest_id`. */
    booking_id: BookingId.optional(),
    guest_id: GuestId.optional(),
    /** What it is about, once: the same (guest, template, subject_key) is sent a single time. Default: booking and business date. */
    subject_key: z.string().min(1).max(200).optional(),
    /** Event data for the text: values, never markup. The guest's and the hotel's name are added. */
    variables: z.record(z.string().max(60), z.string().max(2_000)).default({}),
    /** Stale after it, and dropped: a message held for quiet hours may be. */
    expires_at: Instant.optional(),
  })
  .refine(({ booking_id, guest_id }) => booking_id !== undefined || guest_id !== undefined, {
    message: 'booking_id or guest_id is required: who is it for?',
    path: ['booking_id'],
  })
  .meta({
    id: 'GuestNotificationRequest',
    examples: [{ template: 'checkin_ready', booking_id: 'BOOK001', variables: { room_number: '201' } }],
  })
export type GuestNotificationRequest = z.infer<typeof GuestNotificationRequest>

/** Why nothing was sent. `already_sent`: also when another run is sending it. */
export const SKIP_REASONS = ['opted_out', 'no_contact', 'already_sent', 'stale', 'unknown_guest'] as const
export type SkipReason = (typeof SKIP_REASONS)[number]

/** `sandbox`: the channel is not configured, the message is kept only. `skipped`: `reason` says why. */
export const GuestNotificationOutcome = z.object({
  status: z.enum(['sent', 'sandbox', 'skipped', 'failed']),
  reason: z.string().nullable(),
  channel: z.string().nullable(),
  notification_id: z.string().nullable(),
})
export type GuestNotificationOutcome = z.infer<typeof GuestNotificationOutcome>
