import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { phaseOf } from '../../../../src/hotel/booking-phase.ts'
import {
  type BookingAct,
  type BookingChange,
  type BookingDetails,
  concernsGuest,
  dateOf,
  foldBooking,
  newEffects,
} from '../../../../src/hotel/bookings/booking.rules.ts'
import { daysBetween } from '../../../../src/platform/time/local-time.ts'

let keys = 0
const change = (at: number, act: BookingAct, details: BookingDetails = {}): BookingChange => ({
  at,
  key: `k${keys++}`,
  act,
  details,
})
const room = (room_number: string | null) => ({ room_data: { room_number } })
const made = () =>
  change(1, 'new_booking', {
    guest_data: { guest_id: 'G1', name: 'Lan', email: 'lan@example.com' },
    room_data: { room_number: '201', room_type: 'deluxe', check_in: '2025-02-01', check_out: '2025-02-03' },
  })
const effectsOf = (changes: BookingChange[]) =>
  foldBooking(changes).effects.map(({ kind, roomNumber, at }) => `${kind} ${roomNumber} @${at}`)

describe('the life of a booking', () => {
  it('comes, stays and leaves: the room is occupied and left at those times', () => {
    const fold = foldBooking([made(), change(2, 'checked_in'), change(3, 'checked_out')])
    expect(fold.state?.status).toBe('checked_out')
    expect(fold.refused.size).toBe(0)
    expect(fold.effects.map(({ kind, roomNumber, at }) => [kind, roomNumber, at])).toEqual([
      ['occupy', '201', 2],
      ['vacate', '201', 3],
    ])
  })

  it.each([
    ['checked_in', 'cancelled', 'already_cancelled'],
    ['checked_out', undefined, 'not_checked_in'],
    ['cancelled', 'checked_in', 'already_checked_in'],
    ['no_show', 'checked_in', 'already_checked_in'],
    ['new_booking', 'cancelled', 'already_cancelled'],
    ['moved', 'cancelled', 'already_cancelled'],
  ] as const)('%s after %s is refused: %s', (act, before, reason) => {
    const last = change(9, act, room('999'))
    const fold = foldBooking([made(), ...(before ? [change(2, before)] : []), last])
    expect(fold.refused.get(last.key)).toBe(reason)
    expect(fold.state?.status).toBe(before ?? 'confirmed')
    expect(JSON.stringify(fold.state)).not.toContain('999')
  })

  it('a change that is made twice is not refused, and does nothing the second time', () => {
    const changes = [made(), change(2, 'checked_in'), change(3, 'checked_in'), change(4, 'checked_out')]
    const fold = foldBooking([...changes, change(5, 'checked_out')])
    expect(fold.refused.size).toBe(0)
    expect(fold.effects).toHaveLength(2)
  })

  it('a guest who was given up may still arrive', () => {
    expect(foldBooking([made(), change(2, 'no_show'), change(3, 'checked_in')]).state?.status).toBe(
      'checked_in',
    )
  })

  it.each(['cancelled', 'no_show'] as const)('%s: the room is free for others', (act) => {
    expect(foldBooking([made(), change(2, act)]).state?.details.room_data).toEqual({
      ...{ room_number: null, room_type: 'deluxe', check_in: '2025-02-01', check_out: '2025-02-03' },
    })
  })

  it('a guest in the house who gets another room leaves the first', () => {
    expect(effectsOf([made(), change(2, 'checked_in'), change(3, 'modified', room('305'))])).toEqual([
      'occupy 201 @2',
      'vacate 201 @3',
      'occupy 305 @3',
    ])
  })

  it('what was taken back never was', () => {
    const cancelled = { ...change(2, 'cancelled'), undone: true }
    expect(foldBooking([made(), cancelled]).state).toEqual(foldBooking([made()].map((c) => ({ ...c }))).state)
  })

  it('a cancellation that was taken back in the property system counts no more, even when it is told later', () => {
    const fold = foldBooking([made(), change(5, 'reinstated', room('201')), change(2, 'cancelled')])
    expect(fold.state?.status).toBe('confirmed')
    expect(fold.state?.details.room_data?.room_number).toBe('201')
  })

  it.each([
    ['cancelled', 15, 'taken_back', 'confirmed'],
    ['cancelled', 16, undefined, 'cancelled'],
    ['called_off', 1, undefined, 'cancelled'],
  ] as const)('%s dated %i min after it was reinstated: %s', (act, minutes, refused, status) => {
    const late = change(5 + minutes * 60_000, act)
    const fold = foldBooking([made(), change(5, 'reinstated', room('201')), late])
    expect(fold.refused.get(late.key)).toBe(refused)
    expect(fold.state?.status).toBe(status)
  })

  it('made and cancelled at the same moment it is cancelled, whatever the keys', () => {
    const booked = { ...made(), at: 5 }
    const fold = foldBooking([{ ...change(5, 'cancelled'), key: 'a' }, booked])
    expect(fold.refused.size).toBe(0)
    expect(fold.state?.status).toBe('cancelled')
    expect(fold.state?.details.guest_data?.name).toBe('Lan')
  })

  it('what the service does comes after all that is known, what it is told comes when it happened', () => {
    for (const act of ['moved', 'called_off', 'reinstated'] as const) {
      expect(dateOf(act, 5, [{ at: 9 }, { at: 3 }])).toBe(10)
      expect(dateOf(act, 50, [{ at: 9 }])).toBe(50)
    }
    expect(dateOf('cancelled', 5, [{ at: 9 }])).toBe(5)
  })
})

describe('a new booking that is refused', () => {
  it('still tells who was to come; the room stays free', () => {
    const cancelled = change(0, 'cancelled', { guest_data: { email: 'new@example.com' } })
    const booked = made()
    const fold = foldBooking([cancelled, booked])
    expect(fold.refused.get(booked.key)).toBe('already_cancelled')
    expect(fold.state).toEqual({
      status: 'cancelled',
      details: {
        guest_data: { guest_id: 'G1', name: 'Lan', email: 'new@example.com' },
        room_data: {
          room_number: null,
          ...{ room_type: 'deluxe', check_in: '2025-02-01', check_out: '2025-02-03' },
        },
      },
    })
    expect(fold.guestReportedAt).toBe(0)
    expect(foldBooking([change(0, 'cancelled'), booked]).guestReportedAt).toBe(1)
  })

  it('of a guest who is in the house tells the room', () => {
    expect(effectsOf([change(0, 'checked_in'), made()])).toEqual(['occupy 201 @1'])
  })
})

describe('details', () => {
  it('what is told replaces, what is not told stays, null says there is none', () => {
    const told = change(2, 'modified', {
      guest_data: { email: null },
      room_data: { check_out: '2025-02-05' },
    })
    expect(foldBooking([made(), told]).state?.details).toEqual({
      guest_data: { guest_id: 'G1', name: 'Lan', email: null },
      room_data: { room_number: '201', room_type: 'deluxe', check_in: '2025-02-01', check_out: '2025-02-05' },
    })
  })

  it('another guest does not inherit the first one’s mail address', () => {
    const fold = foldBooking([
      made(),
      change(2, 'modified', { guest_data: { guest_id: 'G2', name: 'Minh' } }),
    ])
    expect(fold.state?.details.guest_data).toEqual({ guest_id: 'G2', name: 'Minh' })
  })

  it('a snapshot of the hotel’s own row has no effect in rooms, and what follows builds on it', () => {
    const snapshot = { ...change(0, 'snapshot', room('101')), status: 'In-House' }
    const fold = foldBooking([snapshot, change(3, 'checked_out')])
    expect(phaseOf('In-House')).toBe('checked_in')
    expect(fold.effects.map(({ kind, roomNumber }) => [kind, roomNumber])).toEqual([['vacate', '101']])
  })

  it('concerns the guest: other days or another kind of room, not another room', () => {
    const before = foldBooking([made()]).state
    const after = (details: BookingDetails) => foldBooking([made(), change(2, 'modified', details)]).state
    const concerned = (details: BookingDetails) => {
      const now = after(details)
      return now !== undefined && concernsGuest(before, now)
    }
    expect(concerned(room('305'))).toBe(false)
    expect(concerned({ payment_status: 'paid' })).toBe(false)
    expect(concerned({ room_data: { room_type: 'suite' } })).toBe(true)
    expect(concerned({ room_data: { check_out: '2025-02-04' } })).toBe(true)
  })
})

describe('late events', () => {
  it('a check-in told after the check-out makes both count', () => {
    const [booked, arrival, departure] = [made(), change(2, 'checked_in'), change(3, 'checked_out')]
    const before = foldBooking([booked, departure])
    expect(before.refused.get(departure.key)).toBe('not_checked_in')
    const now = foldBooking([booked, departure, arrival])
    expect(newEffects(before.effects, now.effects).map(({ kind }) => kind)).toEqual(['occupy', 'vacate'])
  })

  it('a room that was taken for occupied by mistake never was', () => {
    const [booked, arrival] = [made(), change(5, 'checked_in')]
    const before = foldBooking([booked, arrival])
    const now = foldBooking([booked, arrival, change(2, 'modified', room('305'))])
    const asked = newEffects(before.effects, now.effects)
    expect(asked.map(({ kind, roomNumber, withdrawn }) => [kind, roomNumber, withdrawn])).toEqual([
      ['occupy', '305', undefined],
      ['occupy', '201', true],
    ])
  })
})

describe('any order', () => {
  const acts = [
    'new_booking',
    'modified',
    'cancelled',
    'checked_in',
    'checked_out',
    'no_show',
    'moved',
    'called_off',
    'reinstated',
  ] as const
  const event = fc.record({
    at: fc.integer({ min: 0, max: 6 }),
    act: fc.constantFrom(...acts),
    details: fc.record(
      {
        payment_status: fc.constantFrom('open', 'paid'),
        vip: fc.boolean(),
        guest_data: fc.record({
          guest_id: fc.constantFrom('G1', 'G2'),
          email: fc.constantFrom(null, 'a', 'b'),
        }),
        room_data: fc.record({ room_number: fc.constantFrom('201', '305', null) }),
      },
      { requiredKeys: [] },
    ),
    undone: fc.boolean(),
  })
  const history = fc
    .array(event, { minLength: 1, maxLength: 9 })
    .map((events) => events.map((one, i) => ({ ...one, key: `key${i}` }) as BookingChange))

  it('1,000 histories in any order: the same state, refusals and effects', () => {
    const orders = history.chain((events) =>
      fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })),
    )
    fc.assert(
      fc.property(orders, ([events, shuffled]) => {
        expect(foldBooking(shuffled)).toEqual(foldBooking(events))
      }),
      { numRuns: 1_000, seed: 2025 },
    )
  })

  it('told one by one in any order, the rooms end as if all had been told in time', () => {
    const orders = history.chain((events) =>
      fc.shuffledSubarray(events, { minLength: events.length }).map((shuffled) => ({ events, shuffled })),
    )
    fc.assert(
      fc.property(orders, ({ events, shuffled }) => {
        const asked: string[] = []
        const known: BookingChange[] = []
        for (const one of shuffled) {
          const before = foldBooking(known).effects
          known.push(one)
          asked.push(...newEffects(before, foldBooking(known).effects).map(({ key }) => key))
        }
        for (const { key } of foldBooking(events).effects) expect(asked).toContain(key)
      }),
      { numRuns: 500, seed: 2025 },
    )
  })

  it('an older change never wins over a newer one', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5, 6], { minLength: 6 }), (times) => {
        const changes = times.map((at) => change(at, 'modified', { payment_status: `as of ${at}` }))
        expect(foldBooking([...changes, made()]).state?.details.payment_status).toBe('as of 6')
      }),
    )
  })
})

it('days between hotel days, across months and never below none', () => {
  expect(daysBetween('2025-01-30', '2025-02-02')).toBe(3)
  expect(daysBetween('2025-02-02', '2025-01-30')).toBe(0)
})
