/** A hotel whose tables have the columns that the specification's own queries name, and no others, lives a whole day. */
import { expect } from 'vitest'
import { FLOWS } from '../../../src/hotel/catalogue.ts'
import type { AnyFlow } from '../../../src/platform/engine/flow.ts'
import { runFlow } from './bookings/booking-rig.ts'
import { openHotelOn, today } from './numbered-hotel.ts'

export interface Ids {
  /** The id of the nth row. */
  of(n: number): string
  /** Of ids and of room numbers. */
  type: string
  rooms: string
  made: string
}

function tablesOf({ type, rooms, made, of }: Ids): string {
  const booking = (n: number, room: number, status: string) =>
    `('${of(n)}', '${room}', '${today}', '2099-01-02', '${status}', false, 'Sơn', 'son@khach.vn', 'pending', 5000000)`
  return `
    create table employees (id ${type} primary key, name text, department text);
    create table employee_schedules (employee_id ${type}, day_of_week int, start_time time);
    create table supervisors (department text, slack_user_id text);
    create table attendance_logs (id ${made}, employee_id ${type}, timestamp timestamptz, action text, camera_id text,
      confidence double precision);
    create table rooms (room_number ${rooms} primary key, status text, last_cleaned_at timestamptz,
      last_checked_by ${type}, updated_at timestamptz, date date);
    create table bookings (id ${type} primary key, room_number ${rooms}, check_in_date date, check_out_date date,
      status text, guest_notified boolean, notification_sent_at timestamptz, guest_name text, guest_email text,
      payment_status text, total_amount numeric);
    create table housekeeping_logs (employee_id ${type}, started_at timestamptz, completed_at timestamptz, status text);
    insert into employees values ('${of(5)}', 'Lan', 'Housekeeping');
    insert into employee_schedules select '${of(5)}', day, '08:00' from generate_series(0, 6) day;
    insert into supervisors values ('Housekeeping', 'U0HOUSE'), ('Engineering', 'U0ENGIN');
    insert into rooms (room_number, status) select n::text::${rooms}, 'clean' from generate_series(201, 209) n;
    insert into bookings (id, room_number, check_in_date, check_out_date, status, guest_notified, guest_name,
      guest_email, payment_status, total_amount)
    values ${booking(17, 201, 'confirmed')}, ${booking(18, 202, 'checked_in')}, ${booking(20, 203, 'confirmed')}`
}

let told = Date.now() - 600_000
/** A second after the one before: what is told at the same time has no order of its own. */
function next(): string {
  told += 1_000
  return new Date(told).toISOString()
}

const event = (booking_id: string, event_type: string, more: object = {}) => ({
  ...{ booking_id, event_type, timestamp: next(), ...more },
})
const room = (new_status: string, updated_by: string) => ({
  ...{ room_number: '201', new_status, updated_by, timestamp: next() },
})

/** One of everything: the flow, what it is given, and what must be among its results. */
function* dayOf({ of }: Ids): Generator<[string, object, object]> {
  const made = event(of(19), 'new_booking', {
    guest_data: { guest_id: 'G4', name: 'Bình', email: 'binh@khach.vn', phone: '+84901234567' },
    room_data: {
      room_number: '205',
      check_in: '2099-02-01',
      check_out: '2099-02-03',
      total_amount: 1_234_568,
    },
  })
  const punch = {
    employee_id: of(5),
    action: 'check_in',
    camera_id: 'CAM',
    confidence: 0.9,
    timestamp: next(),
  }
  yield ['process_attendance', punch, { status: 'completed' }]
  yield ['predict_churn_risk', made, { booking_id: of(19) }]
  yield ['generate_confirmation_email', made, { booking_id: of(19) }]
  yield ['update_recommendations', made, { status: 'completed', guest_id: 'G4' }]
  yield [
    'update_booking',
    event(of(17), 'modified', { payment_status: 'paid', vip: true }),
    { status: 'completed' },
  ]
  yield ['update_room_status', room('dirty', of(5)), { room_updated: true }]
  yield ['update_room_status', room('clean', of(5)), { room_updated: true, guest_notified: true }]
  yield ['update_room_status_db', room('inspected', of(5)), { applied: true }]
  yield ['check_guest_waiting', { room_number: '201' }, { guest_notified: false }]
  yield ['move_guest_room', { booking_id: of(18), to_room: '204', reason: 'noise' }, { status: 'moved' }]
  yield [
    'cancel_booking',
    { booking_id: of(20), reason: 'flight', refund_amount: 100 },
    { status: 'cancelled' },
  ]
  yield ['check_in_guest', event(of(17), 'checked_in'), { status: 'completed', booking: 'checked_in' }]
  const left = { ...event(of(18), 'checked_out'), timestamp: new Date().toISOString() }
  yield ['check_out_guest', left, { status: 'completed', booking: 'checked_out' }]
  yield ['release_booking', event(of(19), 'cancelled'), { status: 'completed', booking: 'cancelled' }]
  yield ['assign_cleaning', {}, { business_date: today }]
  yield [
    'send_guest_notification',
    { template: 'checkout_thanks', booking_id: of(18) },
    { status: 'sandbox' },
  ]
  const risk = { prediction_type: 'churn_risk', subject: `booking:${of(17)}`, value: 0.25, confidence: 0.9 }
  yield ['update_predictions', { ...risk, model_name: 'm', timestamp: next() }, {}]
  const leak = {
    anomaly_type: 'water_leak',
    severity: 'low',
    source: 's',
    description: 'd',
    room_number: '201',
  }
  yield ['handle_anomaly', { ...leak, timestamp: next() }, {}]
}

/** Each kind of id in a file of its own: a process has one worker. */
export async function liveTheDay(ids: Ids): Promise<void> {
  const { rig, close } = await openHotelOn(tablesOf(ids), { inHouse: ids.of(18), toCome: ids.of(20) })
  try {
    const done = new Set<string>()
    const flows = new Map(FLOWS.map((flow) => [flow.name, flow]))
    for (const [name, parameters, result] of dayOf(ids)) {
      const ended = await runFlow(rig, flows.get(name) as AnyFlow, parameters)
      expect(ended, name).toMatchObject({ status: 'completed', result: expect.objectContaining(result) })
      done.add(name)
    }
    const request = flows.get('handle_guest_request') as AnyFlow
    const parameters = request.parameters.parse({ room_number: '201', text: 'More towels, please' })
    await rig.engine.start({ runId: 'fr_request', flow: request, parameters })
    await rig.engine.signal('fr_request', 'task_finished', { finished_by: 'EMP' })
    expect(await rig.ended('fr_request')).toMatchObject({
      status: 'completed',
      result: { status: 'finished' },
    })
    done.add(request.name)
    expect([...flows.keys()].filter((name) => !done.has(name))).toEqual([])

    const rows = (text: string) => rig.database.query(text)
    expect(
      await rows('select id::text, status, room_number::text, guest_phone from bookings order by status, id'),
    ).toEqual([
      { id: ids.of(19), status: 'cancelled', room_number: null, guest_phone: '+84901234567' },
      { id: ids.of(20), status: 'cancelled', room_number: null, guest_phone: null },
      { id: ids.of(17), status: 'checked_in', room_number: '201', guest_phone: null },
      { id: ids.of(18), status: 'checked_out', room_number: '204', guest_phone: null },
    ])
    const occupied = `select room_number::text, last_checked_by::text, added_from from rooms where status = 'occupied'`
    expect(await rows(occupied)).toEqual([
      { room_number: '201', last_checked_by: ids.of(5), added_from: null },
    ])
    expect(await rows('select employee_id::text from attendance_logs')).toEqual([{ employee_id: ids.of(5) }])
    const failed = `select workflow_name from prefect.flow_run_states where status not in ('completed', 'cancelled')`
    expect(await rows(failed)).toEqual([])
  } finally {
    await close()
  }
}
