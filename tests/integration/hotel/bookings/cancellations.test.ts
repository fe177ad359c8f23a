import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cancelBooking } from '../../../../src/hotel/bookings/cancel-booking.flow.ts'
import { releaseBooking } from '../../../../src/hotel/bookings/release-booking.flow.ts'
import type { AnyFlow } from '../../../../src/platform/engine/flow.ts'
import { newRunId } from '../../../../src/platform/engine/ids.ts'
import { minute } from '../../../support/hotel-rules.ts'
import { historyOf, rowOf, runFlow, takeBack, tell, toldAbout } from './booking-rig.ts'
import { alertsOf, openHotel, openSagaRig, type SagaRig } from './saga-rig.ts'

let sagas: SagaRig
let rig: SagaRig['rig']
let pms: SagaRig['pms']
beforeAll(async () => {
  sagas = await openSagaRig()
  rig = sagas.rig
  pms = sagas.pms
})
beforeEach(() => {
  sagas.usePms(true)
  pms.behave('ok')
  pms.watch(undefined)
})
afterAll(() => sagas?.close())

const refundsOf = (id: string) =>
  rig.database.query<{ status: string }>(
    'select status, amount::float8, reason from prefect.refund_requests where booking_id = $1',
    [id],
  )

/** Minutes of the test's day from here to `ms` ahead of this clock. */
const ahead = (ms: number) => (Date.now() + ms - minute(0).getTime()) / 60_000

const begin = async (id: string) => {
  const runId = newRunId()
  const parameters = { booking_id: id, reason: 'ill', refund_amount: 5_000_000 }
  await rig.engine.start({ runId, flow: cancelBooking as AnyFlow, parameters })
  return runId
}

/** The property system has done what was asked, and its answer does not come until `answer`. */
function slowAnswer(path: string): { asked: Promise<void>; answer: () => void } {
  let answer = () => {}
  let arrived = () => {}
  const asked = new Promise<void>((resolve) => {
    arrived = resolve
  })
  const gate = new Promise<void>((resolve) => {
    answer = resolve
  })
  pms.watch(async (phase, request) => {
    if (phase !== 'after' || !request.path.endsWith(path)) return
    arrived()
    await gate
  })
  return { asked, answer: () => answer() }
}

describe('two cancellations of one booking', () => {
  it('at once: one is made, and the refund is asked for once', async () => {
    const { id, inPms } = await openHotel(sagas)
    const slow = slowAnswer('/cancel')
    const one = await begin(id)
    await slow.asked
    const other = await rig.ended(await begin(id))
    expect(other).toMatchObject({
      status: 'failed',
      error: { code: 'already_being_cancelled', data: { task_name: 'claim_booking' } },
    })
    slow.answer()
    expect(await rig.ended(one)).toMatchObject({ status: 'completed' })
    expect(await rig.ended(await begin(id))).toMatchObject({ error: { code: 'already_cancelled' } })
    expect(await refundsOf(id)).toMatchObject([{ status: 'requested', amount: 5_000_000 }])
    expect(await rowOf(rig.database, id)).toMatchObject({ status: 'cancelled' })
    expect(inPms()?.status).toBe('cancelled')
  })

  it('the second one begins anew when the first is taken back', async () => {
    const { id, from } = await openHotel(sagas)
    const slow = slowAnswer('/cancel')
    const one = await begin(id)
    await slow.asked
    await rig.engine.cancel(one)
    slow.answer()
    expect(await rig.ended(one)).toMatchObject({ status: 'cancelled', flagged: undefined })
    expect(await rowOf(rig.database, id)).toMatchObject({ status: 'confirmed', room_number: from })
    pms.watch(undefined)
    expect(await rig.ended(await begin(id))).toMatchObject({ status: 'completed' })
    expect(await refundsOf(id)).toMatchObject([{ status: 'requested', amount: 5_000_000 }])
  })

  it('what another run has cancelled since is not taken back: flagged', async () => {
    const { id, inPms } = await openHotel(sagas)
    const slow = slowAnswer('/cancel')
    const one = await begin(id)
    await slow.asked
    // As if this run had crashed for good and the other one had taken the booking over.
    await rig.database.query(`update prefect.booking_claims set run_id = 'fr_gone' where booking_id = $1`, [
      id,
    ])
    expect(await rig.ended(await begin(id))).toMatchObject({ status: 'completed' })
    slow.answer()
    const ended = await rig.ended(one)
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'saga_undo_failed' } })
    expect(ended.flagged).toContain('reinstate_in_property_system')
    expect(await rowOf(rig.database, id)).toMatchObject({ status: 'cancelled', room_number: null })
    expect(inPms()?.status).toBe('cancelled')
    expect(await refundsOf(id)).toMatchObject([{ status: 'requested', amount: 5_000_000 }])
    expect((await historyOf(rig.database, id)).map(({ act }) => act)).not.toContain('reinstated')
  })

  it('all refunds together stay within what the booking costs', async () => {
    const { id, cancel, inPms, from } = await openHotel(sagas)
    await rig.database.query(
      `insert into prefect.refund_requests (id, booking_id, amount, reason, status)
       values ($1 || 'a', $1, 2000000, 'earlier', 'paid'), ($1 || 'b', $1, 9000000, 'mistake', 'withdrawn')`,
      [id],
    )
    expect(await cancel({ refund_amount: 3_000_001 })).toMatchObject({
      status: 'failed',
      error: { code: 'refund_exceeds_total', data: { task_name: 'request_refund' } },
    })
    expect(inPms()?.status).toBe('confirmed')
    expect(await rowOf(rig.database, id)).toMatchObject({ status: 'confirmed', room_number: from })
    expect((await cancel({ refund_amount: 3_000_000 })).status).toBe('completed')
  })
})

describe('a property system whose clock is ahead', () => {
  it('a booking it dates in our future is cancelled after that, and stays what it was', async () => {
    const { id, cancel } = await openHotel(sagas, { toldAt: ahead(30_000) })
    const before = await rowOf(rig.database, id)
    expect((await cancel()).status).toBe('completed')
    const { state_at: _at, ...after } = await rowOf(rig.database, id)
    expect({ ...before, ...after }).toEqual({ ...before, status: 'cancelled', room_number: null })
    expect(after).toMatchObject({ guest_name: 'Lan', guest_email: 'lan@khach.vn', total_amount: 5_000_000 })
    expect(await historyOf(rig.database, id)).toMatchObject([
      { act: 'new_booking', refused: null },
      { act: 'moved', refused: null },
      { act: 'called_off', refused: null },
    ])
  })

  it('its event of a cancellation that was taken back does not cancel again, and nobody is told', async () => {
    const { id, from } = await openHotel(sagas)
    const slow = slowAnswer('/cancel')
    const one = await begin(id)
    await slow.asked
    await rig.engine.cancel(one)
    slow.answer()
    expect((await rig.ended(one)).status).toBe('cancelled')
    const event = { booking_id: id, event_type: 'cancelled', timestamp: minute(ahead(20_000)).toISOString() }
    const told = await runFlow(rig, releaseBooking as AnyFlow, event)
    expect(told.result).toMatchObject({ status: 'refused', refused: 'taken_back', booking: 'open' })
    expect(await rowOf(rig.database, id)).toMatchObject({ status: 'confirmed', room_number: from })
    expect(await toldAbout(rig.database, id)).toEqual([])
    // But when it is cancelled there once more, it is.
    pms.modify(id, { status: 'cancelled' })
    const again = { ...event, timestamp: minute(ahead(40_000)).toISOString() }
    expect((await runFlow(rig, releaseBooking as AnyFlow, again)).result).toMatchObject({
      ...{ status: 'completed', booking: 'cancelled', guest_told: 'sandbox' },
    })
    expect(await rowOf(rig.database, id)).toMatchObject({ status: 'cancelled', room_number: null })
  })

  it('while the cancellation is made its own event of it tells nobody: the guest hears once, of the refund', async () => {
    const { id } = await openHotel(sagas)
    const slow = slowAnswer('/cancel')
    const one = await begin(id)
    await slow.asked
    const event = { booking_id: id, event_type: 'cancelled', timestamp: minute(ahead(20_000)).toISOString() }
    expect((await runFlow(rig, releaseBooking as AnyFlow, event)).result).toMatchObject({ guest_told: null })
    slow.answer()
    const ended = await rig.ended(one)
    expect(ended).toMatchObject({ status: 'completed', result: { guest_told: 'sandbox' } })
    const later = { ...event, timestamp: minute(ahead(25_000)).toISOString() }
    expect((await runFlow(rig, releaseBooking as AnyFlow, later)).result).toMatchObject({ guest_told: null })
    const told = await rig.database.query(
      `select subject_key from prefect.notifications where template = 'booking_cancelled' and run_id is not null
         and 'booking:' || $1 = any(subjects)`,
      [id],
    )
    expect(told).toEqual([{ subject_key: (ended.result as { refund_id: string }).refund_id }])
  })

  it('a guest who was told by the property system’s event first is told of the refund all the same', async () => {
    const { id, cancel } = await openHotel(sagas)
    await rig.database.query(
      `insert into prefect.notifications (id, channel, recipient, template, subject_key, language, body, status, subjects)
       values ($1, 'email', 'lan@khach.vn', 'booking_cancelled', $1, 'vi', 'x', 'sent', array['booking:' || $1])`,
      [id],
    )
    const ended = await cancel({ refund_amount: 1_000_000 })
    expect(ended.result).toMatchObject({ guest_told: 'sandbox' })
  })
})

describe('a cancellation', () => {
  it('property system, room, refund, booking, and the guest is told', async () => {
    const { id, cancel, inPms } = await openHotel(sagas)
    const ended = await cancel({ refund_amount: 4_000_000 })
    expect(ended).toMatchObject({
      status: 'completed',
      result: { status: 'cancelled', guest_told: 'sandbox' },
    })
    expect(await rowOf(rig.database, id)).toMatchObject({ status: 'cancelled', room_number: null })
    expect(inPms()?.status).toBe('cancelled')
    expect(await refundsOf(id)).toEqual([
      { status: 'requested', amount: 4_000_000, reason: 'flight cancelled' },
    ])
    expect(await toldAbout(rig.database, id)).toEqual(['booking_cancelled'])
  })

  it('without a refund none is asked for', async () => {
    const { id, cancel } = await openHotel(sagas)
    expect((await cancel()).result).toMatchObject({ status: 'cancelled', refund_id: null })
    expect(await refundsOf(id)).toEqual([])
  })

  it.each([
    ['guest_is_checked_in', 'checked_in', {}],
    ['already_cancelled', 'cancelled', {}],
    ['booking_is_closed', 'no_show', {}],
    ['refund_exceeds_total', undefined, { refund_amount: 5_000_001 }],
    ['booking_not_found', undefined, { booking_id: 'NOBODY' }],
  ] as const)('is refused with %s before anything is touched', async (code, act, more) => {
    const { id, cancel, inPms } = await openHotel(sagas)
    if (act) await tell(rig.database, id, { at: 5, act })
    expect(await cancel(more)).toMatchObject({
      status: 'failed',
      error: { code, data: { task_name: 'plan_cancellation' } },
    })
    expect(inPms()?.status).toBe('confirmed')
    expect(await refundsOf(id)).toEqual([])
  })

  it('that fails half way is taken back: the guest checked in meanwhile', async () => {
    const { id, from, cancel, inPms } = await openHotel(sagas)
    pms.watch(async (phase, { path }) => {
      if (phase !== 'after' || !path.endsWith('/cancel')) return
      await tell(rig.database, id, { at: 60, act: 'checked_in' })
    })
    const ended = await cancel({ refund_amount: 1_000_000 })
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'booking_changed' }, flagged: undefined })
    expect(await rowOf(rig.database, id)).toMatchObject({ status: 'checked_in', room_number: from })
    expect(inPms()?.status).toBe('confirmed')
    expect(await refundsOf(id)).toEqual([])
    expect(await toldAbout(rig.database, id)).toEqual([])
  })

  it('taken back, it stays taken back when the property system tells of the cancellation later', async () => {
    const { id, from, cancel } = await openHotel(sagas)
    let cancelledAt = 0
    pms.watch(async (phase, { path }) => {
      if (phase !== 'after' || !path.endsWith('/cancel')) return
      cancelledAt = Date.now()
      await tell(rig.database, id, { at: 60, act: 'checked_in', key: 'by mistake' })
    })
    expect((await cancel()).error?.code).toBe('booking_changed')
    await takeBack(rig.database, id, 'by mistake')
    const told = await tell(rig.database, id, {
      at: (cancelledAt - minute(0).getTime()) / 60_000,
      act: 'cancelled',
    })
    expect(told).toMatchObject({ applied: true, phase: 'open', roomNumber: from })
    expect(await rowOf(rig.database, id)).toMatchObject({ status: 'confirmed', room_number: from })
  })

  it('a refund that was paid cannot be taken back: flagged, told to the duty manager, the rest undone', async () => {
    const { id, from, cancel, inPms } = await openHotel(sagas)
    await rig.database.query(
      `create function pay_at_once() returns trigger language plpgsql as $$
       begin
         update bookings set status = 'Checked-In' where id = new.booking_id;
         new.status := 'paid';
         return new;
       end $$`,
    )
    await rig.database.query(
      `create trigger pay before insert on prefect.refund_requests for each row execute function pay_at_once()`,
    )
    const { runId, ...ended } = await cancel({ refund_amount: 1_000_000 })
    await rig.database.query('drop trigger pay on prefect.refund_requests')
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'saga_undo_failed' } })
    expect(ended.flagged).toContain('withdraw_refund')
    expect(await alertsOf(sagas, runId)).toMatchObject([{ channel: 'slack' }, { channel: 'sms' }])
    expect(inPms()?.status).toBe('confirmed')
    expect(await rowOf(rig.database, id)).toMatchObject({ room_number: from })
  })
})
