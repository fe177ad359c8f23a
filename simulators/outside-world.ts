/** Every service the hotel talks to, simulated: what each needs to be told is in `settings`. */
import type { Sql } from '../src/platform/postgres/sql.ts'
import { addDays } from '../src/platform/time/local-time.ts'
import { type Room, readStays } from './hotel/stays.ts'
import { type CvSimulator, startCvSimulator } from './services/cv.ts'
import { type LlmSimulator, startLlmSimulator } from './services/llm.ts'
import { startMlSimulator } from './services/ml.ts'
import {
  type PropertySystemOptions,
  type PropertySystemSimulator,
  startPropertySystemSimulator,
} from './services/property-system.ts'
import type { ServiceSimulator } from './services/service-simulator.ts'
import { type SlackSimulator, startSlackSimulator } from './services/slack.ts'
import { type SmtpSimulator, startSmtpSimulator } from './services/smtp.ts'
import { startTwilioSimulator, TWILIO_ACCOUNT, type TwilioSimulator } from './services/twilio.ts'

export interface OutsideWorld {
  slack: SlackSimulator
  smtp: SmtpSimulator
  twilio: TwilioSimulator
  llm: LlmSimulator
  ml: ServiceSimulator
  cv: CvSimulator
  pms: PropertySystemSimulator
  /** Environment variables of a service that is to use them. */
  settings: Record<string, string>
  close(): Promise<void>
}

/** `property`: how the property system behaves; by default a Cloudbeds with its limits. */
export async function startOutsideWorld(
  timezone: string,
  property: Pick<PropertySystemOptions, 'style' | 'requestsPerSecond'> = {},
): Promise<OutsideWorld> {
  const slack = await startSlackSimulator()
  const smtp = await startSmtpSimulator()
  const twilio = await startTwilioSimulator()
  const llm = await startLlmSimulator()
  const ml = await startMlSimulator()
  const cv = await startCvSimulator()
  const pms = await startPropertySystemSimulator({ timezone, ...property })
  const all = [slack, smtp, twilio, llm, ml, cv, pms]
  return {
    ...{ slack, smtp, twilio, llm, ml, cv, pms },
    settings: {
      SLACK_BOT_TOKEN: 'xoxb-demo',
      SLACK_API_URL: slack.url,
      SMTP_URL: smtp.url,
      EMAIL_FROM: 'Hotel Demo <front.desk@hotel.example>',
      TWILIO_ACCOUNT_SID: TWILIO_ACCOUNT.accountSid,
      TWILIO_AUTH_TOKEN: TWILIO_ACCOUNT.authToken,
      TWILIO_API_URL: twilio.url,
      TWILIO_SMS_FROM: '+15005550006',
      TWILIO_WHATSAPP_FROM: '+15005550006',
      LLM_URL: llm.url,
      ML_URL: ml.url,
      CV_URL: cv.url,
      PMS_KIND: property.style ?? 'cloudbeds',
      PMS_URL: pms.url,
      PMS_API_KEY: 'demo-key',
      PMS_PROPERTY_ID: '1',
    },
    close: async () => void (await Promise.all(all.map((service) => service.close()))),
  }
}

/** The property system knows the rooms and bookings that the hotel has now. */
export async function fillPropertySystem(pms: PropertySystemSimulator, sql: Sql, rooms: readonly Room[]) {
  for (const { room_number: roomNumber, room_type: roomType } of rooms) {
    pms.rooms.set(roomNumber, { roomNumber, roomType, condition: 'clean', occupied: false })
  }
  for (const stay of await readStays(sql)) {
    pms.add({
      bookingId: stay.booking_id,
      guestId: stay.guest.guest_id,
      guestName: stay.guest.name,
      guestEmail: stay.guest.email,
      roomNumber: stay.room_number,
      roomType: stay.room_type,
      checkIn: stay.check_in,
      checkOut: stay.check_out,
      totalAmount: stay.total_amount,
    })
    if (stay.status === 'checked_in') pms.checkIn(stay.booking_id)
  }
}

interface BookingBody {
  booking_id: string
  event_type: string
  guest_data?: { guest_id: string; name: string; email: string }
  room_data: {
    room_number: string
    room_type: string
    check_in: string
    check_out: string
    total_amount: number
  }
}

/** What a booking event tells happened in the property system before it was told. */
export function inPropertySystem(pms: PropertySystemSimulator, body: unknown): void {
  const { booking_id: bookingId, event_type: type, guest_data: guest, room_data: room } = body as BookingBody
  if (type === 'new_booking') {
    pms.add({
      bookingId,
      guestId: guest?.guest_id ?? null,
      guestName: guest?.name ?? null,
      guestEmail: guest?.email ?? null,
      roomNumber: room.room_number,
      roomType: room.room_type,
      checkIn: room.check_in,
      checkOut: room.check_out,
      totalAmount: room.total_amount,
    })
  }
  if (!pms.reservations.has(bookingId)) return
  if (type === 'checked_in') pms.checkIn(bookingId)
  if (type === 'checked_out') pms.checkOut(bookingId)
  if (type === 'cancelled') pms.modify(bookingId, { status: 'cancelled' })
  if (type === 'no_show') pms.modify(bookingId, { status: 'no_show' })
}

/** As soon as the booking is moved there, the room it left is given away, and `meanwhile` happens before that is answered. */
export function mixUp(
  pms: PropertySystemSimulator,
  { bookingId, from, to }: { bookingId: string; from: string; to: string },
  meanwhile: () => Promise<void>,
): void {
  pms.watch(async (phase) => {
    if (phase !== 'after' || pms.reservations.get(bookingId)?.roomNumber !== to) return
    pms.watch(undefined)
    const left = pms.rooms.get(from)
    if (left) pms.rooms.set(from, { ...left, occupied: true })
    await meanwhile()
  })
}

/** For one night, by a guest that only the property system knows. */
export function takeUnannounced(pms: PropertySystemSimulator, roomNumber: string, date: string): void {
  const bookingId = `DESK${date.replaceAll('-', '')}`
  pms.add({ bookingId, roomNumber, checkIn: date, checkOut: addDays(date, 1) })
  pms.checkIn(bookingId)
}
