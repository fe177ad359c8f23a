/** The flows that events of bookings start, on the durable engine. No channel has credentials: messages stay in the outbox. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MlSimulator, startMlSimulator } from '../../../../simulators/services/ml.ts'
import type { BookingEvent } from '../../../../src/hotel/bookings/booking.event.ts'
import { checkInGuest } from '../../../../src/hotel/bookings/check-in-guest.flow.ts'
import { checkOutGuest } from '../../../../src/hotel/bookings/check-out-guest.flow.ts'
import { generateConfirmationEmail } from '../../../../src/hotel/bookings/generate-confirmation-email.flow.ts'
import { releaseBooking } from '../../../../src/hotel/bookings/release-booking.flow.ts'
import { updateBooking } from '../../../../src/hotel/bookings/update-booking.flow.ts'
import { bookingLock } from '../../../../src/hotel/locks.ts'
import { sendGuestNotification } from '../../../../src/hotel/messages/send-guest-notification.flow.ts'
import { predictChurnRisk } from '../../../../src/hotel/predictions/predict-churn-risk.flow.ts'
import { updatePredictions } from '../../../../src/hotel/predictions/update-predictions.flow.ts'
import { updateRecommendations } from '../../../../src/hotel/predictions/update-recommendations.flow.ts'
import { createHttpMl } from '../../../../src/hotel/services/ml/http.ts'
import type { AnyFlow } from '../../../../src/platform/engine/flow.ts'
import { newRunId } from '../../../../src/platform/engine/ids.ts'
import { createGuard } from '../../../../src/platform/outbound/service-guard.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { eventually } from '../../../support/eventually.ts'
import { minute } from '../../../support/hotel-rules.ts'
import { inTurn } from '../../../support/in-turn.ts'
import { sandboxDeps } from '../../../support/sandbox-deps.ts'
import { cleaningOf, eventOf, historyOf, roomOf, rowOf, runFlow, toldAbout } from './booking-rig.ts'

const OF_NEW = [predictChurnRisk, generateConfirmationEmail, updateRecommendations] as AnyFlow[]
const FLOWS = [
  ...OF_NEW,
  ...[updateBooking, releaseBooking, checkInGuest, checkOutGuest, sendGuestNotification, updatePredictions],
] as AnyFlow[]

let test: TestDatabase
let ml: MlSimulator
let rig: DurableRig
/** Undefined: no ML service. */
const outside: { ml: ReturnType<typeof createHttpMl> | undefined } = { ml: undefined }
beforeAll(async () => {
  test = await createTestDatabase({ max: 20 })
  ml = await startMlSimulator()
  const guard = createGuard({ service: 'ml', timeoutMs: 5_000 })
  const client = createHttpMl({ url: ml.url, apiKey: undefined, guard })
  const deps = {
    ...(await sandboxDeps(test.database)),
    get ml() {
      return outside.ml
    },
  }
  outside.ml = client
  rig = await openDurableRig(FLOWS, deps, undefined, test)
})
afterAll(async () => {
  await rig?.close()
  await ml?.close()
  await test?.drop()
})

const run = (flow: AnyFlow, event: object) => runFlow(rig, flow, event)
const say = (
  id: string,
  at: number,
  event_type: BookingEvent['event_type'],
  more: Partial<BookingEvent> = {},
) => eventOf(id, at, { event_type, ...more })
const addRoom = (room: string, status: string) =>
  rig.database.query('insert into rooms (room_number, status) values ($1, $2)', [room, status])
const inRoom = (room_number: string) => ({ room_data: { room_number } })

describe('a new booking', () => {
  it('its three runs side by side record it once, predict, confirm and recommend', async () => {
    const event = eventOf('NEW', 0)
    const ended = await Promise.all(OF_NEW.map((flow) => run(flow, event)))
    expect(ended).toMatchObject([
      { status: 'completed', result: { status: 'completed' } },
      { status: 'completed', result: { status: 'sandbox' } },
      { status: 'completed', result: { status: 'completed' } },
    ])
    const [predicted, , recommended] = ended.map(
      ({ result }) => result as { churn_risk: number; items: number },
    )
    expect(await historyOf(rig.database, 'NEW')).toMatchObject([{ act: 'new_booking', refused: null }])
    const row = await rowOf(rig.database, 'NEW')
    expect(row).toMatchObject({ status: 'confirmed', guest_id: 'G_NEW', room_number: '201' })
    expect(row.churn_risk).toBe(predicted?.churn_risk)
    expect(await toldAbout(rig.database, 'NEW')).toEqual(['booking_confirmation'])
    const [kept] = await rig.database.query<{ items: unknown[] }>(
      `select items from prefect.recommendations where guest_id = 'G_NEW'`,
    )
    expect(kept?.items.length).toBe(recommended?.items)
  })

  it('by hand, and again: nothing is recorded or sent a second time', async () => {
    await run(generateConfirmationEmail, eventOf('AGAIN', 0))
    const again = await run(generateConfirmationEmail, eventOf('AGAIN', 0))
    expect(again.result).toMatchObject({ status: 'skipped', reason: 'already_sent' })
    expect(await historyOf(rig.database, 'AGAIN')).toHaveLength(1)
  })

  it('without an ML service the prediction is skipped, and says why', async () => {
    const client = outside.ml
    outside.ml = undefined
    const skipped = { status: 'skipped', reason: 'ml_not_configured' }
    expect((await run(predictChurnRisk, eventOf('NOML', 0))).result).toMatchObject(skipped)
    expect((await run(updateRecommendations, eventOf('NOML', 0))).result).toMatchObject(skipped)
    outside.ml = client
  })

  it('that was cancelled before its own event came is not confirmed', async () => {
    await run(releaseBooking, say('GONE', 5, 'cancelled'))
    const confirmation = await run(generateConfirmationEmail, eventOf('GONE', 0))
    expect(confirmation.result).toMatchObject({ status: 'skipped', reason: 'booking_cancelled' })
    expect(await toldAbout(rig.database, 'GONE')).not.toContain('booking_confirmation')
  })

  it('no name, mail or phone is in a checkpoint’s output or a log', async () => {
    const { runId } = await run(predictChurnRisk, eventOf('PRIVATE', 0))
    const [text] = await rig.database.query<{ all: string }>(
      `select coalesce(string_agg(o.output, ' '), '') || (select coalesce(string_agg(l::text, ' '), '')
       from prefect.run_logs l where l.run_id = $1) as all
       from dbos.operation_outputs o where o.workflow_uuid = $1`,
      [runId],
    )
    expect(text?.all).toContain('PRIVATE')
    expect(text?.all).not.toMatch(/Trần|khach\.vn/)
  })
})

describe('a stay', () => {
  it('check-in occupies the room, check-out leaves it dirty, orders its cleaning and thanks the guest', async () => {
    await addRoom('401', 'inspected')
    await run(predictChurnRisk, eventOf('STAY', 0, inRoomOf('401')))
    const arrival = await run(checkInGuest, say('STAY', 10, 'checked_in'))
    expect(arrival.result).toMatchObject({
      status: 'completed',
      rooms: [{ room_number: '401', change: 'occupy' }],
    })
    expect(await roomOf(rig.database, '401')).toMatchObject({ status: 'occupied' })
    const departure = await run(checkOutGuest, say('STAY', 20, 'checked_out'))
    expect(departure.result).toMatchObject({
      status: 'completed',
      booking: 'checked_out',
      guest_told: 'sandbox',
    })
    expect(await roomOf(rig.database, '401')).toMatchObject({ status: 'dirty' })
    expect(await cleaningOf(rig.database, '401')).toMatchObject([{ kind: 'departure', reason: 'check_out' }])
    expect(await toldAbout(rig.database, 'STAY')).toEqual(['checkout_thanks'])
  })

  it('told in the wrong order it ends the same: the room dirty, one cleaning', async () => {
    await addRoom('402', 'inspected')
    await run(checkOutGuest, say('WRONG', 20, 'checked_out'))
    expect(await cleaningOf(rig.database, '402')).toEqual([])
    await run(checkInGuest, say('WRONG', 10, 'checked_in', inRoom('402')))
    await run(predictChurnRisk, eventOf('WRONG', 0, inRoomOf('402')))
    expect(await rowOf(rig.database, 'WRONG')).toMatchObject({ status: 'checked_out' })
    expect(await roomOf(rig.database, '402')).toMatchObject({ status: 'dirty' })
    expect(await cleaningOf(rig.database, '402')).toMatchObject([{ kind: 'departure', status: 'open' }])
  })

  it('a check-out told after the room was made again orders no cleaning', async () => {
    await addRoom('403', 'inspected')
    await run(checkInGuest, say('EARLY', 10, 'checked_in', inRoom('403')))
    await run(checkInGuest, say('NEXT', 40, 'checked_in', inRoom('403')))
    await run(checkOutGuest, say('EARLY', 20, 'checked_out'))
    expect(await roomOf(rig.database, '403')).toMatchObject({ status: 'occupied' })
    expect(await cleaningOf(rig.database, '403')).toEqual([])
  })

  it('a guest in the house who gets another room: the old one is to be cleaned', async () => {
    await Promise.all([addRoom('404', 'clean'), addRoom('405', 'clean')])
    await run(checkInGuest, say('OTHER', 10, 'checked_in', inRoom('404')))
    const moved = await run(updateBooking, say('OTHER', 20, 'modified', inRoom('405')))
    expect(moved.result).toMatchObject({ guest_told: null })
    expect(await roomOf(rig.database, '404')).toMatchObject({ status: 'dirty' })
    expect(await roomOf(rig.database, '405')).toMatchObject({ status: 'occupied' })
    expect(await cleaningOf(rig.database, '404')).toHaveLength(1)
  })

  it('the check-in of a cancelled booking is refused, kept, and the room stays as it is', async () => {
    await addRoom('406', 'clean')
    await run(releaseBooking, say('REFUSED', 5, 'cancelled'))
    const arrival = await run(checkInGuest, say('REFUSED', 10, 'checked_in', inRoom('406')))
    expect(arrival).toMatchObject({
      status: 'completed',
      result: { status: 'refused', refused: 'already_cancelled', rooms: [] },
    })
    expect(await roomOf(rig.database, '406')).toMatchObject({ status: 'clean' })
    expect((await historyOf(rig.database, 'REFUSED')).at(-1)).toMatchObject({ refused: 'already_cancelled' })
  })
})

describe('changes', () => {
  it('other days are told to the guest, another room or payment is not', async () => {
    await run(predictChurnRisk, eventOf('DAYS', 0))
    const paid = await run(updateBooking, say('DAYS', 5, 'modified', { payment_status: 'paid' }))
    expect(paid.result).toMatchObject({ guest_told: null })
    const longer = { room_data: { check_out: '2025-02-05' } }
    const changed = await run(updateBooking, say('DAYS', 10, 'modified', longer))
    expect(changed.result).toMatchObject({ guest_told: 'sandbox' })
    const older = { room_data: { check_out: '2025-02-09' } }
    const late = await run(updateBooking, say('DAYS', 7, 'modified', older))
    expect(late.result).toMatchObject({ status: 'completed', guest_told: null })
    expect(await rowOf(rig.database, 'DAYS')).toMatchObject({
      check_out_date: '2025-02-05',
      payment_status: 'paid',
    })
    expect(await toldAbout(rig.database, 'DAYS')).toEqual(['booking_modified'])
  })

  it('cancelled: the room is free and the guest is told; no show: the room is free', async () => {
    await run(predictChurnRisk, eventOf('CANCEL', 0))
    expect((await run(releaseBooking, say('CANCEL', 5, 'cancelled'))).result).toMatchObject({
      guest_told: 'sandbox',
    })
    expect(await rowOf(rig.database, 'CANCEL')).toMatchObject({ status: 'cancelled', room_number: null })
    await run(predictChurnRisk, eventOf('NOSHOW', 0))
    expect((await run(releaseBooking, say('NOSHOW', 5, 'no_show'))).result).toMatchObject({
      guest_told: null,
    })
    expect(await rowOf(rig.database, 'NOSHOW')).toMatchObject({ status: 'no_show', room_number: null })
  })
})

describe('predictions', () => {
  const prediction = (at: number, value: number | object, subject = 'booking:PRED') => ({
    ...{ prediction_type: 'churn_risk', subject, value, confidence: 0.9, model_name: 'churn_model' },
    timestamp: minute(at).toISOString(),
  })

  it('the newest stays, whichever comes first, and a booking shows its churn risk', async () => {
    await run(updatePredictions, prediction(10, 0.8))
    // The booking comes after its prediction.
    await run(checkInGuest, say('PRED', 11, 'checked_in'))
    expect(await rowOf(rig.database, 'PRED')).toMatchObject({ churn_risk: 0.8 })
    expect((await run(updatePredictions, prediction(5, 0.1))).result).toMatchObject({ status: 'outdated' })
    expect(await rowOf(rig.database, 'PRED')).toMatchObject({ churn_risk: 0.8 })
    expect((await run(updatePredictions, prediction(20, { risk: 0.3 }))).result).toMatchObject({
      status: 'stored',
    })
    expect(await rowOf(rig.database, 'PRED')).toMatchObject({ churn_risk: 0.3 })
  })

  it('other subjects are kept as they are', async () => {
    await run(updatePredictions, prediction(1, { price: 900_000 }, 'room_type:deluxe:2025-02-01'))
    const [row] = await rig.database.query(
      `select value, model_version from prefect.predictions where subject = 'room_type:deluxe:2025-02-01'`,
    )
    expect(row).toEqual({ value: { price: 900_000 }, model_version: null })
  })
})

it('an undo and a flow’s transaction take turns on the same booking', async () => {
  let letGo = () => {}
  const held = inTurn(
    rig.database,
    bookingLock('TURNS'),
    () => new Promise<void>((resolve) => (letGo = resolve)),
  )
  const runId = newRunId()
  await rig.engine.start({ runId, flow: checkInGuest as AnyFlow, parameters: say('TURNS', 1, 'checked_in') })
  await eventually('the flow to wait for its turn', async () => {
    const rows = await rig.database.query(
      `select 1 from pg_locks where locktype = 'advisory' and not granted`,
    )
    return rows.length > 0
  })
  letGo()
  await held
  expect((await rig.ended(runId)).status).toBe('completed')
})

function inRoomOf(room_number: string): Partial<BookingEvent> {
  return { room_data: { ...eventOf('X', 0).room_data, room_number } }
}
