/** To whom, where and in which language a message goes, and what its text may name. */
import { isEmailAddress } from '../../platform/contract/email-address.ts'
import { phaseOf } from '../booking-phase.ts'
import { onOneLine, withoutTurns } from '../plain-text.ts'
import { GUEST_CHANNELS, type GuestChannel } from '../words.ts'
import type { GuestTemplate, MessageLanguage } from './guest-notification.parameters.ts'

/** The guest's own language, else the country's, else the hotel's. Guests of any other language are written in English. */
export function languageFor(
  guest: { language: string | null; country: string | null },
  hotelLanguage: string,
): MessageLanguage {
  const spoken = guest.language?.toLowerCase().split('-')[0]
  if (spoken) return spoken === 'vi' ? 'vi' : 'en'
  if (guest.country) return guest.country.toUpperCase() === 'VN' ? 'vi' : 'en'
  return hotelLanguage === 'vi' ? 'vi' : 'en'
}

/** A text that quotes what the guest wrote is not the LLM's: a guest could write to it, through us, what to write. */
export function mayLlmWrite(template: GuestTemplate): boolean {
  return template !== 'request_received' && template !== 'request_finished'
}

export type Contacts = Partial<Record<GuestChannel, string>>

/** What of the guest's contacts can be used. WhatsApp and SMS go to the same number. */
export function contactsOf(guest: {
  email: string | null
  phone: string | null
  country: string | null
}): Contacts {
  const email = guest.email?.trim() ?? ''
  const number = internationalNumber(guest.phone ?? '', guest.country)
  return {
    ...(isEmailAddress(email) ? { email } : {}),
    ...(number === undefined ? {} : { sms: number, whatsapp: number }),
  }
}

/** E.164 (`+84901234567`); undefined for what is no number, or one written without a country that is known. */
export function internationalNumber(text: string, country: string | null): string | undefined {
  const plain = text.replace(/[\s().-]/g, '').replace(/^00/, '+')
  const full = country?.toUpperCase() === 'VN' ? plain.replace(/^0(?=\d{9}$)/, '+84') : plain
  return /^\+[1-9]\d{6,14}$/.test(full) ? full : undefined
}

/** In the order the guest chose, else email, SMS, WhatsApp; only where there is a contact, each once. */
export function channelOrder(chosen: readonly string[] | null, contacts: Contacts): GuestChannel[] {
  const wanted = chosen?.filter((channel) =>
    GUEST_CHANNELS.includes(channel as GuestChannel),
  ) as GuestChannel[]
  const order = wanted?.length ? wanted : GUEST_CHANNELS
  return [...new Set(order)].filter((channel) => contacts[channel] !== undefined)
}

/**
 * Whether the message is no longer true: a room that is ready for a guest who is in it already or does not come, or a
 * room (ready, or moved to) that is not the booking's any more.
 */
export function isOutdated(
  message: { template: GuestTemplate; roomNumber: string | undefined },
  booking: { status: string | null; roomNumber: string | null },
): boolean {
  const { template, roomNumber } = message
  if (template !== 'checkin_ready' && template !== 'room_moved') return false
  if (template === 'checkin_ready' && phaseOf(booking.status) !== 'open') return true
  return roomNumber !== undefined && booking.roomNumber !== null && roomNumber !== booking.roomNumber
}

/** The name a text addresses: mail programs turn a link that somebody booked under into one the hotel seems to send. */
export function greetingName(name: string | null, language: MessageLanguage): string {
  const plain = onOneLine(name ?? '')
  const isName = plain !== '' && plain.length <= 80 && !/:\/\/|www\.|[@<>]/i.test(plain)
  if (isName) return plain
  return language === 'vi' ? 'Quý khách' : 'Guest'
}

/** Whole currency units as people of the language write them: `5.000.000 ₫`. */
export function amountInWords(amount: string, currency: string, language: MessageLanguage): string {
  return new Intl.NumberFormat(LOCALES[language], { style: 'currency', currency }).format(Number(amount))
}

/** Values as the text shows them: without control characters and turns of direction, dates of the calendar written out; no empty ones. */
export function valuesInWords(
  values: Readonly<Record<string, string>>,
  language: MessageLanguage,
): Record<string, string> {
  const shown: Record<string, string> = {}
  for (const [name, value] of Object.entries(values)) {
    const plain = withoutTurns(value)
      .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
      .trim()
    if (plain !== '') shown[name] = /^\d{4}-\d{2}-\d{2}$/.test(plain) ? dateInWords(plain, language) : plain
  }
  return shown
}

const LOCALES = { vi: 'vi-VN', en: 'en-GB' } as const

function dateInWords(date: string, language: MessageLanguage): string {
  const day = new Date(`${date}T00:00:00Z`)
  if (Number.isNaN(day.getTime())) return date
  // Thứ Bảy, 01/02/2025 · Saturday, 1 February 2025
  const style =
    language === 'vi'
      ? ({ weekday: 'long', day: '2-digit', month: '2-digit', year: 'numeric' } as const)
      : ({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' } as const)
  return new Intl.DateTimeFormat(LOCALES[language], { ...style, timeZone: 'UTC' }).format(day)
}

const MOST_SUBJECT = 200
const MOST_BODY = 10_000

interface MailText {
  subject: string
  body: string
}

/**
 * A text written by a machine, as it may be sent; undefined when it may not: empty, far too long, silent about the booking
 * or room that the `template`'s own text names, or naming a room that is not among the `variables`.
 */
export function usableText(
  written: MailText,
  { template, variables }: { template: MailText; variables: Readonly<Record<string, string>> },
): MailText | undefined {
  const subject = onOneLine(written.subject)
  const body = withoutTurns(written.body)
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .trim()
  const fits = subject !== '' && body !== '' && subject.length <= MOST_SUBJECT && body.length <= MOST_BODY
  const told = `${subject}\n${body}`
  const { booking_id, room_number, old_room } = variables
  const owed = [booking_id, room_number].filter((fact) =>
    names(`${template.subject}\n${template.body}`, fact),
  )
  const isTrue = owed.every((fact) => names(told, fact)) && !namesOtherRoom(told, [room_number, old_room])
  return fits && isTrue ? { subject, body } : undefined
}

/** As a word of its own: `201` is not in `1201`. */
function names(text: string, fact: string | undefined): boolean {
  if (fact === undefined) return false
  const literal = fact.replace(/[$()*+./?[\\\]^{|}]/g, '\\$&')
  return new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, 'u').test(text)
}

/** `room 305`, `phòng số A12`; but not `nhận phòng 14:00`, which is the time of check-in. */
const NAMED_ROOM =
  /(?<!\p{L})(?:room|phòng)(?:\s+(?:number|no\.?|số))?\s*[:#]?\s*(?!\p{N}+\s*(?:[/:.-]\p{N}|h|giờ|am|pm))(\p{L}?-?\p{N}[\p{L}\p{N}]*(?:-[\p{L}\p{N}]+)*)/giu

function namesOtherRoom(text: string, own: readonly (string | undefined)[]): boolean {
  const known = own.map((room) => room?.toLowerCase())
  const named = [...text.normalize('NFC').matchAll(NAMED_ROOM)]
  return named.some(([, room]) => !known.includes(room?.toLowerCase()))
}
