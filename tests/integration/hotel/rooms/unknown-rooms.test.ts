/** What is told of a room that nobody entered. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FLOWS } from '../../../../src/hotel/catalogue.ts'
import type { HotelRules, RoomsFromEvents } from '../../../../src/hotel/hotel-rules.ts'
import { createTestDatabase } from '../../../support/database.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { HOTEL, minute } from '../../../support/hotel-rules.ts'
import { sandboxDeps } from '../../../support/sandbox-deps.ts'
import { runFlow } from '../bookings/booking-rig.ts'
import { addRoom } from './hotel.ts'
import { historyOf } from './room-rig.ts'

let rig: DurableRig
/** The hotel's rules, one object for the whole file: tests change the setting between runs. */
const rules: HotelRules = { ...HOTEL }
const set = (roomsFromEvents: RoomsFromEvents) => Object.assign(rules, { roomsFromEvents })

beforeAll(async () => {
  const test = await createTestDatabase({ max: 20 })
  const deps = { ...(await sandboxDeps(test.database)), hotel: rules }
  rig = await openDurableRig(FLOWS, deps, undefined, test)
  const { close } = rig
  rig.close = async () => {
    await close()
    await test.drop()
  }
})
afterAll(() => rig.close())
beforeEach(async () => {
  set('auto')
  await rig.database.query('delete from rooms')
})

function run(name: string, parameters: object) {
  const flow = FLOWS.find((one) => one.name === name)
  if (!flow) throw new Error(`no flow ${name}`)
  return runFlow(rig, flow, parameters)
}
let minutes = 0
const said = (room_number: string, new_status = 'dirty') => {
  minutes += 1
  return { room_number, new_status, timestamp: minute(minutes).toISOString() }
}
const rooms = () =>
  rig.database.query<{ room_number: string }>(
    'select room_number, added_from from rooms order by room_number collate "C"',
  )
const UNKNOWN = { status: 'failed', error: { code: 'unknown_room' } }

describe('auto', () => {
  it('adds rooms, marked, while no room has come from elsewhere', async () => {
    expect(await run('update_room_status_db', said('301'))).toMatchObject({
      status: 'completed',
      result: { unknown_room: true },
    })
    await run('update_room_status_db', said('302'))
    expect(await rooms()).toEqual([
      { room_number: '301', added_from: 'event' },
      { room_number: '302', added_from: 'event' },
    ])
  })

  it('adds none once the hotel has entered one; those that were added go on', async () => {
    await run('update_room_status_db', said('301'))
    await addRoom(rig.database, '201', 'clean')
    const ended = await run('update_room_status', said('30I', 'clean'))
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'child_failed' } })
    const [child] = await rig.database.query<{ id: string }>(
      'select id from prefect.flow_runs where parent_run_id = $1 and workflow_name = $2',
      [ended.runId, 'update_room_status_db'],
    )
    expect(await rig.ended(child?.id ?? '')).toMatchObject({
      ...UNKNOWN,
      error: { code: 'unknown_room', message: expect.stringContaining('"30I"') },
    })
    expect(await run('update_room_status_db', said('301', 'pickup'))).toMatchObject({ status: 'completed' })
    expect((await rooms()).map(({ room_number }) => room_number)).toEqual(['201', '301'])
    expect(await historyOf(rig.database, '30I')).toEqual([])
  })

  it('the failed run goes through once the room is entered', async () => {
    await addRoom(rig.database, '201', 'clean')
    const { runId } = await run('update_room_status_db', said('305', 'pickup'))
    await addRoom(rig.database, '305', 'dirty')
    expect(await rig.engine.retry(runId)).toMatchObject({ kind: 'retrying' })
    expect(await rig.ended(runId)).toMatchObject({ status: 'completed', result: { status: 'pickup' } })
  })

  it('a guest who arrives in a room that is not there: the booking is on record, the run is for a person', async () => {
    await addRoom(rig.database, '201', 'clean')
    const made = {
      booking_id: 'BOOK1',
      event_type: 'new_booking',
      guest_data: { name: 'Mai' },
      room_data: { room_number: '999', check_in: '2025-01-17', check_out: '2025-01-19' },
      timestamp: minute(0).toISOString(),
    }
    await run('update_recommendations', made)
    const arrival = { booking_id: 'BOOK1', event_type: 'checked_in', timestamp: minute(5).toISOString() }
    expect(await run('check_in_guest', arrival)).toMatchObject(UNKNOWN)
    expect(await rig.database.query(`select status from bookings where id = 'BOOK1'`)).toEqual([
      { status: 'checked_in' },
    ])
    expect(await rooms()).toHaveLength(1)
  })
})

it('yes adds them always, no never', async () => {
  await addRoom(rig.database, '201', 'clean')
  set('yes')
  await run('update_room_status_db', said('401'))
  set('no')
  expect(await run('update_room_status_db', said('402'))).toMatchObject(UNKNOWN)
  await rig.database.query('delete from rooms')
  expect(await run('update_room_status_db', said('402'))).toMatchObject(UNKNOWN)
})

describe('a number with control characters', () => {
  const HOSTILE = '2\u00071'

  it('is not taken as a parameter of any flow', async () => {
    for (const number of [HOSTILE, '201\u0000', '2\u200b01', '\u202e102', '20\n1']) {
      await expect(run('update_room_status_db', said(number))).rejects.toThrow(/control or invisible/)
      await expect(
        run('move_guest_room', { booking_id: 'B', to_room: number, reason: 'x' }),
      ).rejects.toThrow()
    }
  })

  it("never becomes a room, whoever's booking has it, and is not cleaned", async () => {
    set('yes')
    await rig.database.query(
      `insert into bookings (id, room_number, check_in_date, check_out_date, status)
       values ('BOOK2', $1, '2025-01-17', '2025-01-18', 'confirmed')`,
      [HOSTILE],
    )
    const arrival = { booking_id: 'BOOK2', event_type: 'checked_in', timestamp: minute(5).toISOString() }
    expect(await run('check_in_guest', arrival)).toMatchObject(UNKNOWN)
    expect(await rooms()).toEqual([])

    await addRoom(rig.database, HOSTILE, 'dirty')
    await addRoom(rig.database, '201', 'dirty')
    const attendants = [{ employee_id: 'EMP1' }]
    const planned = await run('assign_cleaning', { business_date: '2025-01-17', attendants, dry_run: true })
    expect(planned).toMatchObject({ result: { attendants: [{ employee_id: 'EMP1', rooms: ['201'] }] } })
  })
})
