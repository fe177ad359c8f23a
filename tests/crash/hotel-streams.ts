/** A hotel's day at a steady rate, from outside: what needs no other service, and for each service what needs it. */

import { businessDate } from '../../src/hotel/business-date.ts'
import type { Database } from '../../src/platform/postgres/pool.ts'
import { call } from '../support/service-client.ts'
import { punch } from './crew.ts'
import { bookingEvent, emailOf, roomEvent, type SentEvent } from './hotel-traffic.ts'
import type { Outside, ServiceName } from './outside.ts'

/** Does its `n`-th act under a key; throws when it was not taken. */
type Act = (n: number, key: string) => Promise<void>

interface Stream {
  name: string
  everyMs: number
  act: Act
}

export interface Streams {
  /** What need no other service: half are punches, half rooms that nobody waits for. */
  undisturbed: readonly string[]
  /** Events from now on carry this label in their keys: `<label>:<stream>:<n>`. */
  label(name: string): void
  /** Also sends what needs this service. */
  include(service: ServiceName): void
  /** How many acts there were in each stream. */
  sent(): Record<string, number>
  /** Resolves when everything that was sent has been taken. */
  stop(): Promise<void>
}

const HOTEL = { timezone: 'Asia/Ho_Chi_Minh', nightAuditAt: '03:00' }

export async function startStreams(
  service: { url: string },
  database: Database,
  { pms }: Outside,
): Promise<Streams> {
  const post =
    (make: (n: number) => SentEvent): Act =>
    async (n, key) => {
      const { kind, body } = make(n)
      const { status } = await call(service, 'POST', `events/${kind}`, body, { 'idempotency-key': key })
      if (status !== 202) throw new Error(`${key} was answered ${status}`)
    }
  const late = await latePunches(database)
  const always: Stream[] = [
    { name: 'punch', everyMs: 100, act: post((n) => ({ kind: 'attendance', body: punch(n) })) },
    { name: 'room', everyMs: 100, act: post(roomEvent) },
    { name: 'late', everyMs: 125, act: post(late) },
    { name: 'booking', everyMs: 250, act: post(bookingEvent) },
  ]
  const more: Partial<Record<ServiceName, Stream>> = {
    sms: { name: 'text', everyMs: 500, act: post(bookingByPhone) },
    cv: { name: 'ready', everyMs: 500, act: roomReady(database, post) },
    pms: { name: 'cancel', everyMs: 500, act: cancellation(service, database, pms) },
  }
  return run(always, more)
}

function run(always: Stream[], more: Partial<Record<ServiceName, Stream>>): Streams {
  let label = 'first'
  const counts: Record<string, number> = {}
  const taken: Promise<void>[] = []
  const timers: NodeJS.Timeout[] = []
  const begin = ({ name, everyMs, act }: Stream) => {
    const next = () => {
      const n = counts[name] ?? 0
      counts[name] = n + 1
      const done = act(n, `${label}:${name}:${n}`)
      done.catch(() => {})
      taken.push(done)
    }
    timers.push(setInterval(next, everyMs))
  }
  for (const stream of always) begin(stream)
  return {
    undisturbed: ['punch', 'room'],
    label(name) {
      label = name
    },
    include(service) {
      const stream = more[service]
      if (stream && counts[stream.name] === undefined) begin(stream)
    },
    sent: () => ({ ...counts }),
    async stop() {
      for (const timer of timers) clearInterval(timer)
      await Promise.all(taken)
    },
  }
}

/** Half past ten is late for every day shift: one punch for each of them, day after day. */
async function latePunches(database: Database): Promise<(n: number) => SentEvent> {
  const shifts = await database.query<{ employee: string; day: number }>(
    `select employee_id as employee, day_of_week as day from employee_schedules
     where start_time between '07:00' and '10:00' order by 1, 2`,
  )
  const punches: object[] = []
  for (let date = new Date('2025-01-06T03:30:00Z'); punches.length < 10_000; date = tomorrow(date)) {
    const day = (date.getUTCDay() + 6) % 7
    for (const { employee } of shifts.filter((shift) => shift.day === day)) {
      punches.push({ ...punch(0), employee_id: employee, timestamp: date.toISOString() })
    }
  }
  return (n) => ({ kind: 'attendance', body: punches[n] ?? {} })
}

const tomorrow = (date: Date) => new Date(date.getTime() + 86_400_000)

function bookingByPhone(n: number): SentEvent {
  const { kind, body } = bookingEvent(n)
  const phone = `+8490${String(1_000_000 + n)}`
  const guest_data = { guest_id: `CALLER${n}`, name: `Caller ${n}`, phone, language: 'en' }
  return { kind, body: { ...body, booking_id: `PHONE${n}`, guest_data } }
}

/** A guest who waits, and the room that becomes ready. */
function roomReady(database: Database, post: (make: () => SentEvent) => Act): Act {
  return async (n, key) => {
    const room_number = `9${String(n).padStart(3, '0')}`
    const now = new Date()
    await database.query(
      `insert into bookings (id, guest_name, guest_email, room_number, check_in_date, check_out_date, status)
       values ($1, 'A guest who waits', $2, $3, $4::date, $4::date + 2, 'confirmed')`,
      [`READY${n}`, `ready.${emailOf(n)}`, room_number, businessDate(now, HOTEL)],
    )
    const body = { room_number, new_status: 'clean', timestamp: now.toISOString() }
    await post(() => ({ kind: 'room_status', body }))(n, key)
  }
}

function cancellation(service: { url: string }, database: Database, pms: Outside['pms']): Act {
  return async (n, key) => {
    const booking_id = `CANCEL${n}`
    pms.add({ bookingId: booking_id, status: 'confirmed', checkIn: '2026-06-01', checkOut: '2026-06-03' })
    await database.query(
      `insert into bookings (id, guest_name, check_in_date, check_out_date, status)
       values ($1, 'A guest who cancels', '2026-06-01', '2026-06-03', 'confirmed')`,
      [booking_id],
    )
    const { status } = await call(service, 'POST', 'workflows/trigger', {
      workflow_name: 'cancel_booking',
      parameters: { booking_id, reason: 'changed plans' },
      idempotency_key: key,
    })
    if (status !== 201) throw new Error(`${key} was answered ${status}`)
  }
}
