import { pino } from 'pino'
import { type SmtpSimulator, startSmtpSimulator } from '../../../../simulators/services/smtp.ts'
import {
  startTwilioSimulator,
  TWILIO_ACCOUNT,
  type TwilioSimulator,
} from '../../../../simulators/services/twilio.ts'
import type { GuestMessageDeps } from '../../../../src/hotel/messages/guest-messages.tasks.ts'
import { loadTemplates } from '../../../../src/hotel/messages/message-files.ts'
import { createSmtpEmail } from '../../../../src/platform/channels/email/smtp.ts'
import { createTwilioMessages } from '../../../../src/platform/channels/sms/twilio.ts'
import { createGuard } from '../../../../src/platform/outbound/service-guard.ts'
import type { Database } from '../../../../src/platform/postgres/pool.ts'
import { HOTEL } from '../../../support/hotel-rules.ts'

export interface MessageRig {
  smtp: SmtpSimulator
  twilio: TwilioSimulator
  /** Every channel on its simulator, no LLM, no quiet hours. */
  deps: GuestMessageDeps
  /** `channel outcome`, oldest first. */
  told: string[]
  close(): Promise<void>
}

export async function openMessageRig(database: Database): Promise<MessageRig> {
  const smtp = await startSmtpSimulator()
  const twilio = await startTwilioSimulator()
  const told: string[] = []
  const timeoutMs = 5_000
  // Guards that never open their circuit: each test has its own outage.
  const guard = (service: string) => createGuard({ service, timeoutMs, failures: 1_000 })
  const from = 'Hoa Sen <letan@hoasen.vn>'
  const email = createSmtpEmail({ url: smtp.url, from, guard: guard('email'), timeoutMs })
  const texts = (channel: 'sms' | 'whatsapp') =>
    createTwilioMessages({
      ...TWILIO_ACCOUNT,
      from: '+15005550006',
      channel,
      apiUrl: twilio.url,
      guard: guard(channel),
    })
  const deps: GuestMessageDeps = {
    database,
    hotel: HOTEL,
    llm: undefined,
    email,
    sms: texts('sms'),
    whatsapp: texts('whatsapp'),
    templates: await loadTemplates({ hotelName: HOTEL.name }),
    notified: (channel, outcome) => void told.push(`${channel} ${outcome}`),
  }
  const close = async () => {
    await email.close()
    await Promise.all([smtp.close(), twilio.close()])
  }
  return { smtp, twilio, deps, told, close }
}

export const silent = pino({ level: 'silent' })

export interface Guest {
  name?: string
  email?: string | null
  phone?: string | null
  language?: string | null
  country?: string | null
  channels?: string[] | null
  optedOut?: boolean
}

/** A guest with a confirmed booking in room 201; both have ids that end in `id`. */
export async function book(
  database: Database,
  id: string,
  guest: Guest = {},
): Promise<{ booking_id: string }> {
  const { name = 'Nguyễn Thị Hoa', email = `${id.toLowerCase()}@khach.vn`, phone = null } = guest
  const { language = 'vi', country = 'VN', channels = null, optedOut = false } = guest
  await database.query(
    `insert into guests (id, name, email, phone, language, country, channels, opted_out_at)
     values ($1, $2, $3, $4, $5, $6, $7, case when $8 then now() end)`,
    [`G_${id}`, name, email, phone, language, country, channels, optedOut],
  )
  await database.query(
    `insert into bookings (id, guest_id, guest_name, status, room_number, room_type, check_in_date, check_out_date,
                           total_amount)
     values ($1, $2, $3, 'confirmed', '201', 'deluxe', '2025-02-01', '2025-02-03', 5000000)`,
    [`B_${id}`, `G_${id}`, name],
  )
  return { booking_id: `B_${id}` }
}

export interface OutboxLine {
  channel: string
  recipient: string
  language: string
  subject_line: string | null
  body: string
  html: string | null
  status: string
  attempts: number
  last_error: string | null
  not_before: Date | null
  run_id: string
}

/** What the outbox has about a booking, in the order it was written. */
export function outboxOf(database: Database, bookingId: string): Promise<OutboxLine[]> {
  return database.query<OutboxLine>(
    `select n.channel, n.recipient, n.language, n.subject_line, n.body, n.html, n.status, n.attempts, n.last_error,
            n.not_before, n.run_id
     from prefect.notifications n join prefect.subject_index i on i.id = n.id and i.kind = 'notification'
     where i.subject = $1 order by n.created_at`,
    [`booking:${bookingId}`],
  )
}
