import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { minute } from '../../../support/hotel-rules.ts'
import { historyOf, rowOf, type Told, takeBack, tell } from './booking-rig.ts'

let test: TestDatabase
let database: TestDatabase['database']
beforeAll(async () => {
  test = await createTestDatabase()
  database = test.database
})
afterAll(() => test?.drop())

const NEW: Told = {
  at: 0,
  act: 'new_booking',
  key: 'a-new',
  details: {
    guest_data: { guest_id: 'G1', name: 'Lan', email: 'lan@example.com', channels: ['sms', 'email'] },
    room_data: {
      ...{ room_number: '201', room_type: 'deluxe', check_in: '2025-02-01', check_out: '2025-02-03' },
      total_amount: 5_000_000.5,
    },
    expected_arrival: '2025-02-01T08:00:00.000Z',
    vip: true,
  },
}

/** As another program of the hotel writes it. */
const hotelsOwn = (id: string, status: string | null, room: string | null = '101') =>
  database.query(
    `insert into bookings (id, guest_name, guest_email, room_number, check_in_date, check_out_date, status, total_amount)
     values ($1, 'Minh', 'minh@example.com', $2, '2025-02-01', '2025-02-02', $3, 1234567.89)`,
    [id, room, status],
  )

describe('a booking of events', () => {
  it('is written once, with its guest; the same event again changes nothing and answers the same', async () => {
    const first = await tell(database, 'ONCE', NEW)
    const row = await rowOf(database, 'ONCE')
    expect(row).toMatchObject({
      ...{ status: 'confirmed', guest_id: 'G1', guest_name: 'Lan', room_number: '201', vip: true },
      ...{ check_in_date: '2025-02-01', check_out_date: '2025-02-03', total_amount: 5_000_000.5 },
      state_at: minute(0),
    })
    expect(await tell(database, 'ONCE', NEW)).toEqual(first)
    expect(await rowOf(database, 'ONCE')).toEqual(row)
    expect(await historyOf(database, 'ONCE')).toHaveLength(1)
    const [guest] = await database.query(
      `select name, email, language, channels, updated_at from guests where id = 'G1'`,
    )
    expect(guest).toEqual({
      ...{ name: 'Lan', email: 'lan@example.com', language: null, channels: ['sms', 'email'] },
      updated_at: minute(0),
    })
  })

  it('refused changes are kept with their reason, and judged again when an earlier event comes late', async () => {
    await tell(database, 'LATE', NEW)
    const early = await tell(database, 'LATE', { at: 20, act: 'checked_out' })
    expect(early).toMatchObject({ applied: false, refused: 'not_checked_in', effects: [] })
    const arrival = await tell(database, 'LATE', { at: 10, act: 'checked_in' })
    expect(arrival.effects.map(({ kind, at }) => [kind, new Date(at)])).toEqual([
      ['occupy', minute(10)],
      ['vacate', minute(20)],
    ])
    expect(await rowOf(database, 'LATE')).toMatchObject({ status: 'checked_out', state_at: minute(20) })
    expect((await historyOf(database, 'LATE')).map(({ refused }) => refused)).toEqual([null, null, null])
  })

  it('a booking we never heard of can be cancelled, and not be checked out', async () => {
    await tell(database, 'UNKNOWN1', { at: 1, act: 'cancelled' })
    expect(await rowOf(database, 'UNKNOWN1')).toMatchObject({ status: 'cancelled' })
    await tell(database, 'UNKNOWN2', { at: 1, act: 'checked_out' })
    expect(await rowOf(database, 'UNKNOWN2')).toEqual({})
    expect(await historyOf(database, 'UNKNOWN2')).toMatchObject([{ refused: 'not_checked_in' }])
  })

  it('with another room a guest who was told of the first is to be told again', async () => {
    await tell(database, 'TOLD', NEW)
    await database.query(`update bookings set guest_notified = true where id = 'TOLD'`)
    await tell(database, 'TOLD', { at: 5, act: 'modified', details: { payment_status: 'paid' } })
    expect(await rowOf(database, 'TOLD')).toMatchObject({ guest_notified: true })
    const elsewhere = { room_data: { room_number: '305' } }
    await tell(database, 'TOLD', { at: 6, act: 'modified', details: elsewhere })
    expect(await rowOf(database, 'TOLD')).toMatchObject({ guest_notified: false, room_number: '305' })
  })

  it('30 orders of one booking’s events end in the same row and the same verdicts', async () => {
    const events: Told[] = [
      NEW,
      {
        at: 5,
        act: 'modified',
        key: 'b',
        details: { room_data: { room_number: '305', check_out: '2025-02-04' } },
      },
      { at: 5, act: 'modified', key: 'c', details: { guest_data: { email: null }, payment_status: 'paid' } },
      { at: 10, act: 'checked_in', key: 'd' },
      { at: 15, act: 'cancelled', key: 'e' },
      { at: 20, act: 'checked_out', key: 'f', details: { room_data: { total_amount: 6_000_000 } } },
    ]
    const expected = { status: 'checked_out', room_number: '305', guest_email: null, total_amount: 6_000_000 }
    let state = 7
    const random = () => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return state / 2_147_483_648
    }
    for (let n = 0; n < 30; n++) {
      const id = `ORDER${n}`
      const order = events.map((event) => ({ event, place: random() })).sort((a, b) => a.place - b.place)
      for (const { event } of order) await tell(database, id, event)
      const told = order.map(({ event }) => event.key).join(' ')
      expect(await rowOf(database, id), told).toMatchObject({ ...expected, check_out_date: '2025-02-04' })
      const verdicts = (await historyOf(database, id)).map(({ act, refused }) => refused ?? act)
      expect(verdicts, told).toEqual([
        ...['new_booking', 'modified', 'modified', 'checked_in', 'already_checked_in', 'checked_out'],
      ])
    }
  })
})

describe('a booking of the hotel’s own', () => {
  it('is the base of what events say, whatever its word for its state', async () => {
    await hotelsOwn('OWN', 'Definite')
    const told = await tell(database, 'OWN', { at: 1, act: 'modified', details: { payment_status: 'paid' } })
    expect(told).toMatchObject({ applied: true, phase: 'open', roomNumber: '101', concernsGuest: false })
    expect(await rowOf(database, 'OWN')).toMatchObject({
      ...{ status: 'Definite', payment_status: 'paid', guest_name: 'Minh', total_amount: 1_234_567.89 },
    })
    expect((await historyOf(database, 'OWN')).map(({ act }) => act)).toEqual(['snapshot', 'modified'])
  })

  it('a booking of which everything is told is no news to us, and each column that another program writes is, once', async () => {
    const guest_data = {
      guest_id: 'G9',
      name: 'Hoa',
      email: 'h@khach.vn',
      phone: '+84901',
      language: 'vi',
      country: 'VN',
    }
    const room_data = {
      room_number: '201',
      room_type: 'deluxe',
      check_in: '2025-02-01',
      check_out: '2025-02-03',
      total_amount: 99.999,
    }
    const expected_arrival = '2025-02-01T14:30:00.123Z'
    const details = { guest_data, room_data, payment_status: 'paid', expected_arrival, vip: true }
    await tell(database, 'ALL', { at: 0, act: 'new_booking', details })
    await tell(database, 'ALL', { at: 1, act: 'modified' })
    const acts = async () => (await historyOf(database, 'ALL')).map(({ act }) => act)
    expect(await acts()).toEqual(['new_booking', 'modified'])
    await database.query(
      `update bookings set guest_id = 'G10', guest_name = 'Nam', guest_email = null, guest_phone = '1', guest_language = 'en',
         guest_country = 'FR', room_number = '202', room_type = 'suite', check_in_date = '2025-03-01',
         check_out_date = '2025-03-02', total_amount = 7, payment_status = 'open', vip = false, status = 'CONFIRMED',
         expected_arrival = '2025-03-01T10:00:00.5+07' where id = 'ALL'`,
    )
    const before = await rowOf(database, 'ALL')
    for (const at of [2, 3]) await tell(database, 'ALL', { at, act: 'modified' })
    expect(await rowOf(database, 'ALL')).toEqual(before)
    expect((await acts()).filter((act) => act === 'snapshot')).toHaveLength(1)
  })

  it('what another program writes between our events counts', async () => {
    await tell(database, 'DRIFT', NEW)
    await database.query(`update bookings set status = 'Checked-In', guest_email = null where id = 'DRIFT'`)
    const departure = await tell(database, 'DRIFT', { at: 30, act: 'checked_out' })
    expect(departure).toMatchObject({ applied: true })
    expect(departure.effects.map(({ kind, roomNumber }) => [kind, roomNumber])).toEqual([['vacate', '201']])
    expect(await rowOf(database, 'DRIFT')).toMatchObject({ status: 'checked_out', guest_email: null })
    await tell(database, 'DRIFT', { at: 31, act: 'modified', details: { payment_status: 'paid' } })
    const acts = (await historyOf(database, 'DRIFT')).map(({ act }) => act)
    expect(acts).toEqual(['new_booking', 'snapshot', 'checked_out', 'modified'])
  })
})

describe('taken back', () => {
  it('the booking is as it was before, once and again, and what was never done needs nothing', async () => {
    await tell(database, 'UNDO', NEW)
    const before = await rowOf(database, 'UNDO')
    await tell(database, 'UNDO', { at: 5, act: 'cancelled', key: 'x' })
    expect(await rowOf(database, 'UNDO')).toMatchObject({ status: 'cancelled', room_number: null })
    for (const key of ['x', 'x', 'never']) await takeBack(database, 'UNDO', key)
    expect(await rowOf(database, 'UNDO')).toEqual({ ...before, state_at: minute(5) })
    expect((await historyOf(database, 'UNDO')).map(({ refused }) => refused)).toEqual([null, 'undone'])
    expect(await tell(database, 'UNDO', { at: 5, act: 'cancelled', key: 'x' })).toMatchObject({
      refused: 'undone',
    })
  })
})

describe('guests', () => {
  const guest = async (id: string) =>
    (await database.query<object>('select name, email, phone, language from guests where id = $1', [id]))[0]
  const data = (guest_data: NonNullable<Told['details']>['guest_data']) => ({ guest_data })

  it('a newer booking’s word on its guest stays; an older one only adds what is missing', async () => {
    const told = { guest_id: 'G7', name: 'Hoa', email: 'new@example.com', phone: null }
    await tell(database, 'G7B', { at: 50, act: 'modified', details: data(told) })
    const older = { guest_id: 'G7', email: 'old@example.com', phone: '+8490', language: 'en' }
    await tell(database, 'G7A', { at: 10, act: 'modified', details: data(older) })
    expect(await guest('G7')).toEqual({
      name: 'Hoa',
      email: 'new@example.com',
      phone: '+8490',
      language: 'en',
    })
  })

  it('what the guest has no more is forgotten', async () => {
    await tell(database, 'G8', { at: 1, act: 'modified', details: data({ guest_id: 'G8', phone: '+8491' }) })
    await tell(database, 'G8', { at: 2, act: 'modified', details: data({ phone: null }) })
    expect(await guest('G8')).toMatchObject({ phone: null })
  })
})
