/**
 * The rest of the hotel's day, measured beside its punches on one service: bookings with what they ask of the ML and LLM
 * services and the e-mail that they end in, changes of rooms, and how soon a guest knows that the room is ready.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { startLlmSimulator } from '../simulators/services/llm.ts'
import { startMlSimulator } from '../simulators/services/ml.ts'
import { type SmtpSimulator, startSmtpSimulator } from '../simulators/services/smtp.ts'
import { businessDate } from '../src/hotel/business-date.ts'
import { runIdFor } from '../src/platform/engine/ids.ts'
import type { Database } from '../src/platform/postgres/pool.ts'
import { attendance, closedLoop, openLoop, Poster, type Work } from './load.ts'
import { startProgram } from './processes.ts'

export interface HotelFigures {
  attendance: number[]
  rooms: number[]
  bookings: number[]
  /** Milliseconds from "the room is clean" to the accepted e-mail, shortest first. */
  roomReady: number[]
}

interface Measured {
  url: string
  database: Database
  lanes: number
  seconds: number
}

const HOTEL = { timezone: 'Asia/Ho_Chi_Minh', nightAuditAt: '03:00' }
/** Guests who wait, told of their rooms in one second. */
const READY_PER_SECOND = 5

/** `program` and `environment`: how the service is started. Rates are events per second, one for each turn. */
export async function measureHotel(
  program: string,
  environment: Record<string, string>,
  { database, lanes, seconds }: Omit<Measured, 'url'>,
): Promise<HotelFigures> {
  const [smtp, llm, ml] = [await startSmtpSimulator(), await startLlmSimulator(), await startMlSimulator()]
  const service = await startProgram(program, {
    ...environment,
    ...{ SMTP_URL: smtp.url, LLM_URL: llm.url, ML_URL: ml.url },
    ...{ ROOM_READY_DELAY_SECONDS: '0', QUIET_HOURS: '00:00-00:00' },
  })
  try {
    const measured = { url: service.url, database, lanes, seconds }
    const rates = await measureRates(measured)
    return { ...rates, roomReady: await measureRoomReady(measured, smtp) }
  } finally {
    await service.stop()
    for (const simulator of [smtp, llm, ml]) await simulator.close()
  }
}

/** In turns, as the programs are; the first turn warms up and does not count. */
async function measureRates({ url, database, lanes, seconds }: Measured) {
  const rates = { attendance: [] as number[], rooms: [] as number[], bookings: [] as number[] }
  const works = { attendance, rooms: roomChange, bookings: booking }
  for (let turn = 0; turn < 4; turn++) {
    for (const kind of ['attendance', 'rooms', 'bookings'] as const) {
      const options = { lanes, seconds: turn === 0 ? 3 : seconds / 2, from: turn * 20_000 }
      const rate = await closedLoop(url, database, { ...options, work: works[kind] })
      if (turn > 0) rates[kind].push(rate)
    }
  }
  return rates
}

const minuteOf = (n: number) => new Date(Date.UTC(2025, 0, 6) + n * 60_000).toISOString()

/** Dirty, and the next time clean: one child or two. */
const roomChange: Work = async ({ poster, completions }, n) => {
  const room = n % 120
  const event = {
    room_number: `${(room % 8) + 1}${String(Math.floor(room / 8) + 1).padStart(2, '0')}`,
    new_status: Math.floor(n / 120) % 2 === 0 ? 'dirty' : 'clean',
    timestamp: minuteOf(n),
  }
  const { event_id, workflows_triggered } = await poster.post('room_status', event, `bench-room-${n}`)
  const parent = runIdFor('event', event_id, 'update_room_status')
  const runs = [parent, ...workflows_triggered.map(({ flow_run_id }) => flow_run_id)]
  await Promise.all(runs.map((run) => completions.of(run)))
}

/** Churn, confirmation by e-mail, recommendations. */
const booking: Work = async ({ poster, completions }, n) => {
  const event = {
    booking_id: `BENCH${n}`,
    event_type: 'new_booking',
    guest_data: { guest_id: `GUEST${n}`, name: `Guest ${n}`, email: `guest${n}@example.com` },
    room_data: { room_type: 'deluxe', check_in: '2026-06-01', check_out: '2026-06-03', total_amount: 5e6 },
    timestamp: minuteOf(n),
  }
  const { workflows_triggered } = await poster.post('booking', event, `bench-booking-${n}`)
  await Promise.all(workflows_triggered.map(({ flow_run_id }) => completions.of(flow_run_id)))
}

/** Each room has a guest of its own who waits for it. */
async function measureRoomReady(
  { url, database, seconds }: Measured,
  smtp: SmtpSimulator,
): Promise<number[]> {
  const guests = READY_PER_SECOND * seconds
  await database.query(
    `with rooms as (
       insert into rooms (room_number, room_type, floor, status)
       select 'R' || n, 'standard', 9, 'dirty' from generate_series(0, $1::int - 1) n returning room_number)
     insert into bookings (id, guest_name, guest_email, room_number, check_in_date, check_out_date, status)
     select 'READY' || room_number, 'Guest', lower(room_number) || '@example.com', room_number, $2, $2::date + 2,
            'confirmed' from rooms`,
    [guests, businessDate(new Date(), HOTEL)],
  )
  const poster = new Poster(url)
  const mails = watchMails(smtp)
  try {
    return await openLoop({ perSecond: READY_PER_SECOND, seconds, from: 0 }, async (n) => {
      const event = { room_number: `R${n}`, new_status: 'clean', timestamp: new Date().toISOString() }
      const arrived = mails.to(`r${n}@example.com`)
      await poster.post('room_status', event, `bench-ready-${n}`)
      await Promise.race([arrived, tooLate(event.room_number)])
    })
  } finally {
    mails.close()
    poster.close()
  }
}

async function tooLate(room: string): Promise<never> {
  await delay(60_000, undefined, { ref: false })
  throw new Error(`Nobody was told within a minute that room ${room} is ready.`)
}

function watchMails(smtp: SmtpSimulator) {
  const waiting = new Map<string, () => void>()
  let read = smtp.mails.length
  let closed = false
  const watch = async () => {
    for (; !closed; await delay(2)) {
      for (const { to } of smtp.mails.slice(read)) {
        read += 1
        waiting.get(to)?.()
      }
    }
  }
  void watch()
  return {
    to: (address: string) => new Promise<void>((resolve) => waiting.set(address, resolve)),
    close: () => {
      closed = true
    },
  }
}
