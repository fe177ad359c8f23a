import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { undoBookingChange } from '../../../src/tasks/booking-changes.ts'
import { minute } from '../../support/hotel-rules.ts'
import { rowOf, tell, toldAbout } from './booking-rig.ts'
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
    await undoBookingChange(rig, { bookingId: id, key: 'by mistake', runId: 'fr_undo' })
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
