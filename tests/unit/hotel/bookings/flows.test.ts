import { describe, expect, it } from 'vitest'
import type { BookingEvent } from '../../../../src/hotel/bookings/booking.event.ts'
import { cancelBooking } from '../../../../src/hotel/bookings/cancel-booking.flow.ts'
import { checkInGuest } from '../../../../src/hotel/bookings/check-in-guest.flow.ts'
import { checkOutGuest } from '../../../../src/hotel/bookings/check-out-guest.flow.ts'
import { generateConfirmationEmail } from '../../../../src/hotel/bookings/generate-confirmation-email.flow.ts'
import { moveGuestRoom } from '../../../../src/hotel/bookings/move-guest-room.flow.ts'
import { releaseBooking } from '../../../../src/hotel/bookings/release-booking.flow.ts'
import { updateBooking } from '../../../../src/hotel/bookings/update-booking.flow.ts'
import { EVENT_KINDS } from '../../../../src/hotel/event-kinds.ts'
import { predictChurnRisk } from '../../../../src/hotel/predictions/predict-churn-risk.flow.ts'
import { updatePredictions } from '../../../../src/hotel/predictions/update-predictions.flow.ts'
import { updateRecommendations } from '../../../../src/hotel/predictions/update-recommendations.flow.ts'
import { FlowCancelled, FlowFailure, TaskFailed } from '../../../../src/platform/engine/errors.ts'
import type { AnyTask, Flow, Saga } from '../../../../src/platform/engine/flow.ts'

const EVENT: BookingEvent = {
  booking_id: 'BOOK001',
  event_type: 'modified',
  guest_data: { guest_id: 'GUEST001' },
  room_data: { room_number: '201' },
  timestamp: '2025-01-17T10:00:00Z',
}
const TOLD = { send_guest_notification: { status: 'sent' }, is_being_cancelled: { is: false } }
const BOOKING = {
  ...{
    bookingId: 'BOOK001',
    changeKey: 'key1',
    applied: true,
    refused: null,
    phase: 'open',
    guestId: 'GUEST001',
  },
  ...{ effects: [], concernsGuest: false },
}

/** Answers each word by name; an Error is thrown. Unnamed tasks answer null. */
function scripted(answers: Record<string, unknown>) {
  const words: string[] = []
  const answer = async (name: string) => {
    words.push(name)
    const given = ({ ...TOLD, ...answers } as Record<string, unknown>)[name] ?? null
    if (given instanceof Error) throw given
    return given as never
  }
  const task = <Input, Output>({ name }: AnyTask<never, Input, Output>) => answer(name) as Promise<Output>
  const flow = {
    runId: 'fr_1',
    task,
    child: ({ name }: { name: string }) => answer(name),
    saga: (body: (saga: Saga<never>) => Promise<unknown>) => body({ act: (given) => answer(given.name) }),
    now: async () => new Date('2025-01-17T10:00:00Z'),
    log: () => {},
  } as unknown as Flow<never>
  return { flow: flow as Flow<unknown> as never, words }
}

const failed = (name: string) => new TaskFailed(name, 'child_failed', 'It failed.')

describe('events of a booking', () => {
  it('the rooms follow the record, one by one, and then the guest is told', async () => {
    const effects = [
      { kind: 'vacate', roomNumber: '201' },
      { kind: 'occupy', roomNumber: '305' },
    ]
    const answers = { record_booking: { ...BOOKING, effects, concernsGuest: true } }
    const { flow, words } = scripted({ ...answers, send_guest_notification: { status: 'sent' } })
    expect(await updateBooking.run(flow, EVENT)).toMatchObject({ status: 'completed', guest_told: 'sent' })
    expect(words).toEqual(['record_booking', 'settle_room', 'settle_room', 'send_guest_notification'])
  })

  it('a guest who cannot be told does not fail the run; a cancel does', async () => {
    const record_booking = { ...BOOKING, phase: 'cancelled' }
    const event = { ...EVENT, event_type: 'cancelled' as const }
    const { flow } = scripted({ record_booking, send_guest_notification: failed('send_guest_notification') })
    expect(await releaseBooking.run(flow, event)).toMatchObject({ status: 'completed', guest_told: 'failed' })
    const cancelled = scripted({ record_booking, send_guest_notification: new FlowCancelled() })
    await expect(releaseBooking.run(cancelled.flow, event)).rejects.toThrow(FlowCancelled)
  })

  it('a guest whose cancellation another run makes, or made, hears of it from that run', async () => {
    const event = { ...EVENT, event_type: 'cancelled' as const }
    const record_booking = { ...BOOKING, phase: 'cancelled', phaseBefore: 'cancelled' }
    const made = scripted({ record_booking })
    expect(await releaseBooking.run(made.flow, event)).toMatchObject({ guest_told: null })
    const claimed = { record_booking: { ...record_booking, phaseBefore: 'open' } }
    const beingMade = scripted({ ...claimed, is_being_cancelled: { is: true } })
    expect(await releaseBooking.run(beingMade.flow, event)).toMatchObject({ guest_told: null })
  })

  it('the confirmation is what its run is for: it fails with it', async () => {
    const { flow } = scripted({
      record_booking: BOOKING,
      send_guest_notification: failed('send_guest_notification'),
    })
    await expect(generateConfirmationEmail.run(flow, EVENT)).rejects.toMatchObject({ code: 'child_failed' })
  })

  it.each([
    ['check_in_guest', checkInGuest],
    ['check_out_guest', checkOutGuest],
    ['release_booking', releaseBooking],
  ] as const)('%s: what was refused is told to nobody', async (_name, given) => {
    const { flow, words } = scripted({
      record_booking: { ...BOOKING, applied: false, refused: 'already_cancelled' },
    })
    expect(await given.run(flow, EVENT)).toMatchObject({ status: 'refused', refused: 'already_cancelled' })
    expect(words).toEqual(['record_booking'])
  })

  it('an outdated modification is told to nobody', async () => {
    const { flow, words } = scripted({
      record_booking: { ...BOOKING, phase: 'checked_out', concernsGuest: true },
    })
    await updateBooking.run(flow, EVENT)
    expect(words).toEqual(['record_booking'])
  })
})

describe('predictions', () => {
  it('without an answer of the model nothing is stored', async () => {
    const { flow, words } = scripted({ record_booking: BOOKING })
    expect(await predictChurnRisk.run(flow, EVENT)).toMatchObject({ reason: 'ml_not_configured' })
    expect(await updateRecommendations.run(flow, EVENT)).toMatchObject({ reason: 'ml_not_configured' })
    expect(words).not.toContain('store_churn_risk')
  })

  it('a guest without an id gets no recommendations', async () => {
    const { flow, words } = scripted({ record_booking: { ...BOOKING, guestId: null } })
    expect(await updateRecommendations.run(flow, EVENT)).toMatchObject({ reason: 'guest_unknown' })
    expect(words).toEqual(['record_booking'])
  })
})

describe('sagas', () => {
  const ok = { refused: null }
  const MOVES = {
    plan_room_move: { refused: null, plan: { bookingId: 'BOOK001', fromRoom: '201', toRoom: '305' } },
    hold_new_room: ok,
    assign_new_room: { ...ok, inHouse: false },
    take_new_room: ok,
  }
  const move = { booking_id: 'BOOK001', to_room: '305', reason: 'noise' }

  it('the old room is left only by a guest who was in it', async () => {
    const toCome = scripted(MOVES)
    await moveGuestRoom.run(toCome.flow, move)
    expect(toCome.words).not.toContain('leave_old_room')
    const inHouse = scripted({ ...MOVES, assign_new_room: { ...ok, inHouse: true } })
    await moveGuestRoom.run(inHouse.flow, move)
    expect(inHouse.words.slice(-2)).toEqual(['leave_old_room', 'send_guest_notification'])
  })

  it('a refusal in the middle ends it there, and names the task that found out', async () => {
    const { flow, words } = scripted({ ...MOVES, hold_new_room: { refused: 'room_held' } })
    const refused = { name: 'FlowFailure', code: 'room_held', taskName: 'hold_new_room' }
    await expect(moveGuestRoom.run(flow, move)).rejects.toMatchObject(refused)
    expect(words).toEqual(['plan_room_move', 'hold_new_room'])
  })

  it('what could not be undone is told to the duty manager, and stays the error even when that fails', async () => {
    const stuck = new FlowFailure('saga_undo_failed', 'Could not undo.')
    const answers = { ...MOVES, assign_new_room: stuck, alert_duty_manager: failed('alert_duty_manager') }
    const { flow, words } = scripted(answers)
    await expect(moveGuestRoom.run(flow, move)).rejects.toBe(stuck)
    expect(words.at(-1)).toBe('alert_duty_manager')
  })

  it('a cancellation without refund or room has only the acts it needs', async () => {
    const plan = { bookingId: 'BOOK001', roomNumber: null, refundAmount: 0 }
    const { flow, words } = scripted({
      claim_booking: ok,
      plan_cancellation: { refused: null, plan },
      mark_booking_cancelled: ok,
    })
    await cancelBooking.run(flow, { booking_id: 'BOOK001', reason: 'ill', refund_amount: 0 })
    expect(words).toEqual([
      ...[
        'claim_booking',
        'plan_cancellation',
        'cancel_in_property_system',
        'mark_booking_cancelled',
        'end_cancellation',
        'send_guest_notification',
      ],
    ])
  })
})

it('are about the booking, its guest and its room, and bear the names that events start', () => {
  expect(updateBooking.subjects(EVENT)).toEqual(['booking:BOOK001', 'guest:GUEST001', 'room:201'])
  const all = [
    predictChurnRisk,
    generateConfirmationEmail,
    updateRecommendations,
    updateBooking,
    releaseBooking,
  ]
  for (const { name } of [...all, checkInGuest, checkOutGuest, updatePredictions])
    expect(EVENT_KINDS.flatMap(({ flows }) => flows)).toContain(name)
})
