/** Who a guest message is for, and what its text may name: read anew before each step that depends on it. */

import type { Sql } from '../../platform/postgres/sql.ts'
import { toInstant } from '../../platform/time/local-time.ts'
import { businessDate } from '../business-date.ts'
import type { HotelRules } from '../hotel-rules.ts'
import type { GuestChannel } from '../words.ts'
import type {
  GuestNotificationRequest,
  MessageLanguage,
  SkipReason,
} from './guest-notification.parameters.ts'
import { type RecipientRow, readRecipient } from './guests.sql.ts'
import {
  amountInWords,
  type Contacts,
  channelOrder,
  contactsOf,
  greetingName,
  isOutdated,
  languageFor,
  valuesInWords,
} from './messages.rules.ts'

export interface Recipient {
  kind: 'recipient'
  guestId: string | null
  bookingId: string | null
  contacts: Contacts
  channels: GuestChannel[]
  language: MessageLanguage
  subjectKey: string
  variables: Record<string, string>
}

/** The message's recipient, or why there is none (any more) at `at`. */
export async function recipientOf(
  sql: Sql,
  hotel: HotelRules,
  request: GuestNotificationRequest,
  at: Date,
): Promise<Recipient | { kind: 'skipped'; reason: SkipReason }> {
  const skipped = (reason: SkipReason) => ({ kind: 'skipped', reason }) as const
  const { booking_id: bookingId, guest_id: guestId, template, expires_at: expiry } = request
  const row = await readRecipient(sql, { bookingId, guestId })
  if (!row) return skipped('unknown_guest')
  if (row.opted_out) return skipped('opted_out')
  const booking = { status: row.booking_status, roomNumber: row.room_number }
  const expired = expiry !== undefined && at >= toInstant(expiry, hotel.timezone)
  if (expired || isOutdated({ template, roomNumber: request.variables.room_number }, booking)) {
    return skipped('stale')
  }
  const country = row.country ?? (hotel.currency === 'VND' ? 'VN' : null)
  const contacts = contactsOf({ email: row.email, phone: row.phone, country })
  const channels = channelOrder(row.channels, contacts)
  if (channels.length === 0) return skipped('no_contact')
  const language = languageFor(row, hotel.language)
  return {
    kind: 'recipient',
    guestId: row.guest_id,
    bookingId: row.booking_id,
    contacts,
    channels,
    language,
    subjectKey: request.subject_key ?? `${row.booking_id ?? row.guest_id}:${businessDate(at, hotel)}`,
    variables: variablesOf(row, hotel, request, language),
  }
}

export function isSkipped<Other extends { kind: string }>(
  answer: Other | { kind: 'skipped'; reason: SkipReason },
): answer is { kind: 'skipped'; reason: SkipReason } {
  return answer.kind === 'skipped'
}

function variablesOf(
  row: RecipientRow,
  hotel: HotelRules,
  { variables }: GuestNotificationRequest,
  language: MessageLanguage,
): Record<string, string> {
  const { booking_id, room_number, room_type, check_in_date, check_out_date, total_amount } = row
  const known = {
    hotel_name: hotel.name,
    guest_name: greetingName(row.name, language),
    check_in_time: hotel.checkInTime,
    check_out_time: hotel.checkOutTime,
    booking_id,
    room_number,
    room_type,
    check_in_date,
    check_out_date,
    total_amount,
  }
  const written = Object.entries({ ...known, ...variables }).map(([name, value]) => {
    const isAmount = name.endsWith('_amount') && /^\d+(\.\d+)?$/.test(value ?? '')
    return [name, isAmount ? amountInWords(value as string, hotel.currency, language) : value] as const
  })
  const present = written.filter((entry) => entry[1] !== null)
  return valuesInWords(Object.fromEntries(present) as Record<string, string>, language)
}
