import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FLOWS } from '../../../src/hotel/catalogue.ts'
import { readRecipient } from '../../../src/hotel/messages/guests.sql.ts'
import { ensureEngineSchema } from '../../../src/platform/engine/durable/schema.ts'
import type { AnyFlow } from '../../../src/platform/engine/flow.ts'
import { migrate } from '../../../src/platform/postgres/migrate.ts'
import type { Database } from '../../../src/platform/postgres/pool.ts'
import { createTestDatabase } from '../../support/database.ts'
import type { DurableRig } from '../../support/durable-rig.ts'
import { historyOf, runFlow } from './bookings/booking-rig.ts'
import { openNumberedHotel, today } from './numbered-hotel.ts'

let hotel: Awaited<ReturnType<typeof openNumberedHotel>>
let rig: DurableRig
beforeAll(async () => {
  hotel = await openNumberedHotel()
  rig = hotel.rig
})
afterAll(() => hotel?.close())

let told = Date.now() - 600_000
/** A second after the one before: what is told at the same time has no order of its own. */
function next(): string {
  told += 1_000
  return new Date(told).toISOString()
}
const timestamp = next()

function flowNamed(name: string): AnyFlow {
  const flow = FLOWS.find((one) => one.name === name)
  if (!flow) throw new Error(`no flow ${name}`)
  return flow
}
const run = (name: string, parameters: object) => runFlow(rig, flowNamed(name), parameters)
const completed = (result: object) => ({ status: 'completed', result: expect.objectContaining(result) })
const rowOf = async (id: number) => {
  const [row] = await rig.database.query<Record<string, unknown>>('select * from bookings where id = $1', [
    id,
  ])
  return row
}
const bookingEvent = (booking_id: string, event_type: string, more: object = {}) => ({
  ...{ booking_id, event_type, timestamp: next() },
  ...more,
})

const done = new Set<string>()
async function runs(name: string, parameters: object, result: object): Promise<void> {
  done.add(name)
  expect(await run(name, parameters)).toMatchObject(completed(result))
}

describe('every flow works on it', () => {
  it('attendance', async () => {
    const punch = { employee_id: '5', action: 'check_in', camera_id: 'CAM', confidence: 0.9, timestamp }
    await runs('process_attendance', punch, { status: 'completed', is_late: expect.any(Boolean) })
  })

  it('a new booking, of a guest nobody knew', async () => {
    const event = bookingEvent('19', 'new_booking', {
      guest_data: { guest_id: '4', name: 'Trần Văn Bình', email: 'binh@khach.vn' },
      room_data: {
        room_number: '205',
        check_in: '2099-02-01',
        check_out: '2099-02-03',
        total_amount: 1234568,
      },
    })
    await runs('predict_churn_risk', event, { booking_id: '19' })
    await runs('generate_confirmation_email', event, { booking_id: '19' })
    await runs('update_recommendations', event, { status: 'completed', guest_id: '4' })
    expect(await rowOf(19)).toMatchObject({
      ...{ guest_id: 4, room_number: 205, status: 'confirmed', total_amount: 1234568 },
      churn_risk: expect.any(Number),
    })
    expect(await rig.database.query('select id, name, email from guests where id = 4')).toEqual([
      { id: 4, name: 'Trần Văn Bình', email: 'binh@khach.vn' },
    ])
    expect(await historyOf(rig.database, '19')).toHaveLength(1)
  })

  it("a change of the hotel's own booking: its row is taken on record once, and not changed otherwise", async () => {
    await runs('update_booking', bookingEvent('17', 'modified', { payment_status: 'paid' }), {
      booking_id: '17',
    })
    await run('update_booking', bookingEvent('17', 'modified', { vip: true }))
    const acts = (await historyOf(rig.database, '17')).map(({ act }) => act)
    expect(acts).toEqual(['snapshot', 'modified', 'modified'])
    expect(await rowOf(17)).toMatchObject({
      guest_id: 1,
      room_number: 201,
      payment_status: 'paid',
      vip: true,
    })
  })

  it('a room that is ready, and the guest who waits for it', async () => {
    await rig.database.query(`update rooms set status = 'dirty' where room_number = 201`)
    const event = { room_number: '201', new_status: 'clean', updated_by: '5', timestamp }
    await runs('update_room_status', event, {})
    await runs('update_room_status_db', { ...event, new_status: 'inspected', timestamp: next() }, {})
    await runs('check_guest_waiting', { room_number: '201' }, { guest_notified: false })
    expect(await rowOf(17)).toMatchObject({ guest_notified: true })
    const rooms = 'select status, last_checked_by from rooms where room_number = 201'
    expect(await rig.database.query(rooms)).toEqual([{ status: 'inspected', last_checked_by: 5 }])
  })

  it('a room change and a cancellation by the hotel', async () => {
    const to = { booking_id: '18', to_room: '204', reason: 'noise' }
    await runs('move_guest_room', to, { status: 'moved', from_room: '202', guest_told: expect.anything() })
    expect(await rowOf(18)).toMatchObject({ room_number: 204 })
    const asked = { booking_id: '20', reason: 'flight', refund_amount: 100 }
    await runs('cancel_booking', asked, { status: 'cancelled', refund_id: expect.any(String) })
    expect(await rowOf(20)).toMatchObject({ status: 'cancelled', room_number: null })
  })

  it('arrival and departure', async () => {
    await runs('check_in_guest', bookingEvent('17', 'checked_in'), { booking_id: '17' })
    await runs(
      'check_out_guest',
      { ...bookingEvent('18', 'checked_out'), timestamp: new Date().toISOString() },
      { booking_id: '18' },
    )
    await runs('release_booking', bookingEvent('19', 'cancelled'), { booking_id: '19' })
    const rows = await rig.database.query(
      'select id, status from bookings where id in (17, 18, 19) order by id',
    )
    expect(rows).toEqual([
      { id: 17, status: 'checked_in' },
      { id: 18, status: 'checked_out' },
      { id: 19, status: 'cancelled' },
    ])
    const rooms = await rig.database.query(
      'select room_number, status from rooms where room_number in (201, 204)',
    )
    expect(rooms).toEqual([
      { room_number: 201, status: 'occupied' },
      { room_number: 204, status: 'dirty' },
    ])
  })

  it('the cleaning of the day', async () => {
    await rig.database.query(
      `insert into housekeeping_logs (room_number, employee_id, started_at, status) values (204, 5, now(), 'started')`,
    )
    await runs('assign_cleaning', {}, {})
    const tasks = `select status, assigned_to from prefect.housekeeping_tasks
      where room_number = '204' and business_date = $1`
    expect(await rig.database.query(tasks, [today])).toEqual([{ status: 'in_progress', assigned_to: '5' }])
  })

  it('messages, requests, predictions, anomalies', async () => {
    const thanks = { template: 'checkout_thanks', guest_id: '4' }
    await runs('send_guest_notification', thanks, { status: 'sandbox' })
    const value = { prediction_type: 'churn_risk', subject: 'booking:17', value: 0.25, confidence: 0.9 }
    await runs('update_predictions', { ...value, model_name: 'm', timestamp }, {})
    expect(await rowOf(17)).toMatchObject({ churn_risk: 0.25 })
    const leak = {
      anomaly_type: 'water_leak',
      severity: 'low',
      source: 's',
      description: 'd',
      room_number: '201',
    }
    await runs('handle_anomaly', { ...leak, timestamp }, {})

    const request = flowNamed('handle_guest_request')
    const parameters = request.parameters.parse({ room_number: '201', text: 'More towels, please' })
    await rig.engine.start({ runId: 'fr_request', flow: request, parameters })
    await rig.engine.signal('fr_request', 'task_finished', { finished_by: '5' })
    expect(await rig.ended('fr_request')).toMatchObject(completed({ status: 'finished' }))
    const asked = 'select guest_id, booking_id from prefect.guest_requests'
    expect(await rig.database.query(asked)).toEqual([{ guest_id: '1', booking_id: '17' }])
    done.add(request.name)
  })

  it('that was every one', () => {
    expect(FLOWS.map(({ name }) => name).filter((name) => !done.has(name))).toEqual([])
  })
})

describe('what its columns cannot hold', () => {
  const refused = { status: 'failed', error: { code: 'refused_by_hotel_table' } }
  const made = { guest_data: { name: 'Sen' }, room_data: { check_in: '2099-01-01', check_out: '2099-01-02' } }

  it.each([
    ['a booking id', 'update_recommendations', bookingEvent('BOOK9', 'new_booking', made), 'bookings'],
    [
      'a guest id',
      'update_booking',
      bookingEvent('17', 'modified', { guest_data: { guest_id: 'G1', name: 'Sen' } }),
      'guests',
    ],
    [
      'a name',
      'update_booking',
      bookingEvent('17', 'modified', { guest_data: { guest_id: '9', name: 'Sen'.repeat(9) } }),
      'guests',
    ],
    [
      'a guest without a name',
      'update_booking',
      bookingEvent('18', 'modified', { guest_data: { guest_id: '8' } }),
      'guests',
    ],
    [
      'a room that is not there',
      'update_booking',
      bookingEvent('17', 'modified', { room_data: { room_number: '999' } }),
      'bookings',
    ],
    [
      'a room number',
      'update_room_status_db',
      { room_number: '1A', new_status: 'clean', timestamp },
      'rooms',
    ],
    [
      'an employee',
      'process_attendance',
      { employee_id: 'EMP1', action: 'check_in', confidence: 0.9, timestamp },
      'attendance_logs',
    ],
  ])('%s is refused by name, at once and without the value', async (_, flow, parameters, table) => {
    const ended = await run(flow, parameters)
    expect(ended).toMatchObject(refused)
    const message = String((ended.error as { message: string }).message)
    expect(message).toContain(`table ${table} `)
    expect(message).not.toMatch(/BOOK9|G1|Sen|999|1A|EMP/)
    expect(await rig.attempts(ended.runId)).toHaveLength(1)
  })

  it('who checked a room goes to the history only; the room changes', async () => {
    const told = { room_number: '206', new_status: 'pickup', updated_by: 'EMP005', timestamp: next() }
    expect(await run('update_room_status_db', told)).toMatchObject(completed({ applied: true }))
    const row = 'select status, last_checked_by from rooms where room_number = 206'
    expect(await rig.database.query(row)).toEqual([{ status: 'pickup', last_checked_by: null }])
    const kept = `select changed_by from prefect.room_status_history where room_number = '206' and source = 'event'`
    expect(await rig.database.query(kept)).toEqual([{ changed_by: 'EMP005' }])
  })

  it('is found nowhere', async () => {
    for (const who of [
      { bookingId: 'BOOK9', guestId: undefined },
      { bookingId: undefined, guestId: 'G1' },
    ])
      expect(await readRecipient(rig.database, who)).toBeUndefined()
    await expect(run('cancel_booking', { booking_id: 'BOOK9', reason: 'x' })).resolves.toMatchObject({
      error: { code: 'booking_not_found' },
    })
  })
})

/** What the planner would use if it had a large table. */
async function indexOf(database: Database, query: string): Promise<string> {
  return database.transaction(async (sql) => {
    await sql.query('set local enable_seqscan = off')
    const plan = await sql.query<Record<'QUERY PLAN', string>>(`explain ${query}`)
    return plan.map((line) => line['QUERY PLAN']).join('\n')
  })
}

describe('ids compared as text are looked up in an index', () => {
  const lookups = [
    `select * from bookings where id::text = '17'`,
    `select * from bookings where guest_id::text = '17'`,
    `select * from bookings where room_number::text = '201'`,
    `select * from guests where id::text = '17'`,
    `select * from attendance_logs where employee_id::text = '5' and timestamp > now()`,
  ]

  it.each(lookups)('numbers: %s', async (query) => {
    expect(await indexOf(rig.database, query)).toMatch(/Index Cond: .*::text/)
  })

  it('text and varchar have theirs and get no second one', async () => {
    const other = await createTestDatabase({ empty: true })
    await other.database.query('create table bookings (id varchar(20) primary key, room_number varchar(9))')
    await other.database.query(
      'alter table bookings add column check_in_date date, add column check_out_date date',
    )
    await migrate(other.database, { before: ensureEngineSchema })
    for (const query of lookups) expect(await indexOf(other.database, query)).toContain('Index Cond')
    const named = `select relname from pg_class where relkind = 'i' and relname like '%\\_text'`
    expect(await other.database.query(named)).toEqual([])
    await other.drop()
  })
})
