import { randomUUID } from 'node:crypto'
import type { BookingEvent } from '../../../../src/hotel/bookings/booking.event.ts'
import type { BookingAct, BookingDetails } from '../../../../src/hotel/bookings/booking.rules.ts'
import {
  applyBookingChange,
  type BookingOnRecord,
  undoBookingChange,
} from '../../../../src/hotel/bookings/booking-changes.tasks.ts'
import { bookingLock } from '../../../../src/hotel/locks.ts'
import type { AnyFlow } from '../../../../src/platform/engine/flow.ts'
import { newRunId } from '../../../../src/platform/engine/ids.ts'
import type { Database } from '../../../../src/platform/postgres/pool.ts'
import type { DurableRig } from '../../../support/durable-rig.ts'
import { minute } from '../../../support/hotel-rules.ts'
import { inTurn } from '../../../support/in-turn.ts'

export interface Told {
  at: number
  act: Exclude<BookingAct, 'snapshot'>
  details?: BookingDetails
  key?: string
}

/** One change as a task's transaction makes it: its lock first. */
export function tell(database: Database, bookingId: string, told: Told): Promise<BookingOnRecord> {
  const { at, act, details = {}, key = randomUUID() } = told
  const change = { bookingId, at: minute(at), key, act, details, runId: `fr_${key}` }
  return inTurn(database, bookingLock(bookingId), (sql) => applyBookingChange(sql, change))
}

/** Takes the change back, as a saga's undo does. */
export function takeBack(database: Database, bookingId: string, key: string): Promise<void> {
  return inTurn(database, bookingLock(bookingId), (sql) =>
    undoBookingChange(sql, { bookingId, key, runId: 'fr_undo' }),
  )
}

/** A complete new booking of the guest `G_<id>`, or another event with what is given. */
export function eventOf(id: string, at: number, given: Partial<BookingEvent> = {}): BookingEvent {
  const { event_type = 'new_booking', ...rest } = given
  const told =
    event_type === 'new_booking'
      ? {
          guest_data: { guest_id: `G_${id}`, name: 'Trần Văn Bình', email: `${id.toLowerCase()}@khach.vn` },
          room_data: {
            room_number: '201',
            room_type: 'deluxe',
            check_in: '2025-02-01',
            check_out: '2025-02-03',
            total_amount: 5_000_000,
          },
        }
      : {}
  return { booking_id: id, event_type, timestamp: minute(at).toISOString(), ...told, ...rest }
}

export async function rowOf(database: Database, id: string): Promise<Record<string, unknown>> {
  const [row] = await database.query<Record<string, unknown>>(
    `select status, guest_id, guest_name, guest_email, room_number, room_type, check_in_date::text, check_out_date::text,
            total_amount::float8, payment_status, vip, guest_notified, churn_risk, state_at
     from bookings where id = $1`,
    [id],
  )
  return row ?? {}
}

export function historyOf(
  database: Database,
  id: string,
): Promise<{ act: string; refused: string | null; at: Date }[]> {
  return database.query(
    `select event_type as act, refused, at from prefect.booking_history
     where booking_id = $1 order by at, change_key collate "C"`,
    [id],
  )
}

export async function roomOf(
  database: Database,
  roomNumber: string,
): Promise<{ status: string; held_for: string | null } | undefined> {
  const text = 'select status, held_for from rooms where room_number = $1'
  return (await database.query<{ status: string; held_for: string | null }>(text, [roomNumber]))[0]
}

export function cleaningOf(
  database: Database,
  roomNumber: string,
): Promise<{ kind: string; status: string; reason: string }[]> {
  return database.query(
    'select kind, status, reason from prefect.housekeeping_tasks where room_number = $1 order by id',
    [roomNumber],
  )
}

/** Templates told about a booking, in the order they were written. */
export async function toldAbout(database: Database, bookingId: string): Promise<string[]> {
  const rows = await database.query<{ template: string }>(
    `select n.template from prefect.notifications n
     join prefect.subject_index i on i.id = n.id and i.kind = 'notification'
     where i.subject = $1 order by n.created_at`,
    [`booking:${bookingId}`],
  )
  return rows.map(({ template }) => template)
}

/** Runs a flow to its end. */
export async function runFlow(rig: DurableRig, flow: AnyFlow, parameters: object) {
  const runId = newRunId()
  await rig.engine.start({ runId, flow, parameters: flow.parameters.parse(parameters) })
  return { runId, ...(await rig.ended(runId)) }
}
