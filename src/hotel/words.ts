/** What several events and requests name alike. */
import { z } from 'zod'
import { isWithinBounds, YEARS } from '../platform/contract/instant.ts'
import type { Channel } from '../platform/contract/notification.ts'

export const BookingId = z.string().trim().min(1).max(100)
export const GuestId = z.string().min(1).max(100)

/**
 * No control, invisible or text-turning characters: `10\u00001` looks like 101 and is another room. In plain ranges, which
 * every reader of JSON Schema knows.
 */
export const ROOM_NUMBER =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it keeps out
  /^[^\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+$/
export const RoomNumber = z
  .string()
  .trim()
  .min(1)
  .max(20)
  .regex(ROOM_NUMBER, 'must be without control or invisible characters')

/** A day of the hotel's calendar, 'YYYY-MM-DD'; PostgreSQL knows no year 0. */
export const HotelDate = z.iso
  .date({ error: 'must be a date, for example 2025-02-01' })
  .refine(isWithinBounds, 'must be a date from 1900-01-02 to 9998-12-30')
  .meta({ pattern: YEARS })

/** Of a person or a text: a BCP 47 tag such as 'vi' or 'en-GB'. */
export const Language = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language code, for example vi or en')

/** The ways to a guest, in the usual order. */
export const GUEST_CHANNELS = ['email', 'sms', 'whatsapp'] as const satisfies readonly Channel[]
export type GuestChannel = (typeof GUEST_CHANNELS)[number]
