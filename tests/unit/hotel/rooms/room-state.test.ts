import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inOrder } from '../../../../src/hotel/history-order.ts'
import { ROOM_STATUSES, type RoomStatusWord } from '../../../../src/hotel/rooms/room.event.ts'
import { foldRoom, type RoomEntry } from '../../../../src/hotel/rooms/room-fold.rules.ts'
import { floorOf } from '../../../../src/hotel/rooms/room-number.rules.ts'
import {
  applyChange,
  type RoomChange,
  type RoomState,
  stateFromStatus,
  stateOfRow,
  statusOf,
  UNKNOWN_ROOM,
} from '../../../../src/hotel/rooms/room-state.rules.ts'

const START = Date.parse('2025-01-17T03:00:00Z')
const said = { at: new Date(START), by: 'EMP005' }
const room = (axes: Partial<RoomState>): RoomState => ({ ...UNKNOWN_ROOM, ...axes })
const after = (state: RoomState, change: RoomChange) => applyChange(state, change, said)

describe('one change', () => {
  it.each<[string, Partial<RoomState>, RoomChange, Partial<RoomState>]>([
    ['a cleaned room is clean', {}, { word: 'clean' }, { housekeeping: 'clean' }],
    ['inspected from clean', { housekeeping: 'clean' }, { word: 'inspected' }, { housekeeping: 'inspected' }],
    [
      'a touch-up is seen by the inspector',
      { housekeeping: 'pickup' },
      { word: 'inspected' },
      { housekeeping: 'inspected' },
    ],
    [
      'a guest moves in: made as it was',
      { housekeeping: 'inspected' },
      { word: 'occupied' },
      { occupancy: 'occupied', housekeeping: 'inspected' },
    ],
    [
      'a guest leaves: to be made, the wish gone',
      { housekeeping: 'clean', occupancy: 'occupied', service: 'dnd' },
      { word: 'vacant' },
      { housekeeping: 'dirty', occupancy: 'vacant', service: 'none' },
    ],
    [
      'vacant already: nothing to make',
      { housekeeping: 'clean' },
      { word: 'vacant' },
      { housekeeping: 'clean', occupancy: 'vacant' },
    ],
    [
      'a stay-over is cleaned',
      { occupancy: 'occupied' },
      { word: 'clean' },
      { occupancy: 'occupied', housekeeping: 'clean' },
    ],
    [
      'out of order, returns dirty unless told',
      { housekeeping: 'clean' },
      { word: 'out_of_order', reason: 'leak', until: '2025-01-18T00:00:00.000Z' },
      {
        maintenance: 'out_of_order',
        reason: 'leak',
        until: '2025-01-18T00:00:00.000Z',
        return_status: 'dirty',
      },
    ],
    [
      'from out of service to out of order: what it returns to stays',
      { maintenance: 'out_of_service', return_status: 'pickup' },
      { word: 'out_of_order' },
      { maintenance: 'out_of_order', return_status: 'pickup' },
    ],
    [
      'back in service: the return status, not what it was',
      { housekeeping: 'clean', maintenance: 'out_of_order', return_status: 'dirty', reason: 'leak' },
      { word: 'in_service' },
      { housekeeping: 'dirty', maintenance: 'none', return_status: null, reason: null, until: null },
    ],
    [
      'back in service as whoever repaired it says',
      { maintenance: 'out_of_service', return_status: 'dirty' },
      { word: 'in_service', return_status: 'pickup' },
      { housekeeping: 'pickup', maintenance: 'none' },
    ],
    ['do not disturb', { occupancy: 'occupied' }, { word: 'dnd' }, { service: 'dnd' }],
    [
      'no wish any more',
      { occupancy: 'occupied', service: 'declined' },
      { word: 'no_wish' },
      { service: 'none' },
    ],
  ])('%s', (_name, before, change, expected) => {
    const { state, refused } = after(room(before), change)
    expect(refused).toBeUndefined()
    expect(state).toMatchObject({ ...expected, changed_at: said.at.toISOString(), checked_by: 'EMP005' })
  })

  it.each<[string, Partial<RoomState>, RoomStatusWord]>([
    ['occupied', { occupancy: 'occupied' }, 'out_of_order'],
    ['occupied', { occupancy: 'occupied' }, 'out_of_service'],
    ['in_maintenance', { maintenance: 'out_of_service' }, 'occupied'],
    ['not_in_maintenance', { housekeeping: 'clean' }, 'in_service'],
    ['not_clean', { housekeeping: 'dirty' }, 'inspected'],
  ])('is refused as %s, and nothing moves: %j, %s', (reason, before, word) => {
    const state = room(before)
    expect(after(state, { word })).toEqual({ state, refused: reason })
  })

  it('remembers when it was cleaned last: an inspection is no cleaning', () => {
    const cleaned = after(UNKNOWN_ROOM, { word: 'clean' }).state
    expect(cleaned.cleaned_at).toBe(said.at.toISOString())
    const later = { at: new Date(START + 60_000), by: null }
    const inspected = applyChange(cleaned, { word: 'inspected' }, later).state
    expect(inspected).toMatchObject({ cleaned_at: said.at.toISOString(), checked_by: 'EMP005' })
    const touchedUp = applyChange(room({ housekeeping: 'pickup' }), { word: 'inspected' }, later).state
    expect(touchedUp.cleaned_at).toBe(later.at.toISOString())
  })
})

describe('the single word', () => {
  it.each(['dirty', 'pickup', 'clean', 'inspected', 'occupied', 'out_of_service', 'out_of_order'])(
    '%s is read as what gives it back',
    (word) => {
      expect(statusOf(stateFromStatus(word))).toBe(word)
      const busy = room({ occupancy: 'occupied', housekeeping: 'clean', service: 'dnd' })
      expect(statusOf(stateFromStatus(word, busy))).toBe(word)
      const broken = room({ maintenance: 'out_of_order', reason: 'leak', return_status: 'clean' })
      expect(statusOf(stateFromStatus(word, broken))).toBe(word)
    },
  )

  it('forgives spelling; what it does not know is dirty', () => {
    expect(stateFromStatus(' Out-of Order')).toMatchObject({
      maintenance: 'out_of_order',
      return_status: 'dirty',
    })
    expect(stateFromStatus('none')).toEqual(UNKNOWN_ROOM)
    expect(stateFromStatus('sparkling')).toEqual(UNKNOWN_ROOM)
    expect(stateFromStatus('sparkling', room({ housekeeping: 'clean' })).housekeeping).toBe('dirty')
  })

  const row = {
    status: 'clean',
    housekeeping: null,
    occupancy: null,
    maintenance: null,
    service: null,
    return_status: null,
    maintenance_reason: null,
    maintenance_until: null,
    last_cleaned_at: null,
    last_checked_by: null,
    state_at: null,
  }

  it('is all that a row of the hotel itself may have', () => {
    expect(stateOfRow(row)).toEqual(room({ housekeeping: 'clean' }))
    expect(stateOfRow({ ...row, status: null })).toEqual(UNKNOWN_ROOM)
    expect(stateOfRow({ ...row, housekeeping: 'gleaming' })).toEqual(room({ housekeeping: 'clean' }))
  })

  it('wins over the axes of a row: others write only the word', () => {
    const axes = {
      ...row,
      housekeeping: 'inspected',
      occupancy: 'vacant',
      maintenance: 'none',
      service: 'dnd',
    }
    expect(stateOfRow({ ...axes, status: 'occupied' })).toMatchObject({
      occupancy: 'occupied',
      housekeeping: 'inspected',
      service: 'dnd',
    })
    expect(stateOfRow({ ...axes, status: 'inspected', last_cleaned_at: said.at })).toMatchObject({
      housekeeping: 'inspected',
      cleaned_at: said.at.toISOString(),
    })
  })
})

/** Few moments, so that many changes happen at the same one. */
const entries = fc
  .array(
    fc.record({
      minute: fc.integer({ min: 0, max: 12 }),
      word: fc.constantFrom(...ROOM_STATUSES),
      by: fc.option(fc.constantFrom('EMP005', 'EMP006')),
      return_status: fc.option(fc.constantFrom('dirty' as const, 'pickup' as const, 'clean' as const)),
    }),
    { minLength: 2, maxLength: 14 },
  )
  .map((changes) =>
    changes.map(
      ({ minute, by, ...change }, n): RoomEntry => ({
        at: new Date(START + minute * 60_000),
        key: `evt_${n}`,
        by,
        change,
      }),
    ),
  )
const base = fc.constantFrom(UNKNOWN_ROOM, stateFromStatus('occupied'), stateFromStatus('out_of_order'))

describe('all that was said about a room', () => {
  it('ends the same in every order of arrival', () => {
    const orders = entries.chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
        base,
      ),
    )
    fc.assert(
      fc.property(orders, ([all, arrived, from]) => {
        expect(foldRoom(from, arrived)).toEqual(foldRoom(from, all))
      }),
      { numRuns: 1000, seed: 201 },
    )
  })

  it('never lets an older word of an axis win over a newer one that counts', () => {
    fc.assert(
      fc.property(entries, base, (all, from) => {
        const { state, steps } = foldRoom(from, all)
        const counted = steps.filter(({ step }) => step.refused === null).map(({ entry }) => entry)
        expect(counted).toEqual([...counted].sort(inOrder))
        const wish = counted.findLast(({ change }) =>
          ['dnd', 'make_up', 'declined', 'no_wish'].includes(change.word),
        )
        const leaves = steps.findLast(
          ({ entry, step }) => entry.change.word === 'vacant' && step.from === 'occupied',
        )
        if (wish && (!leaves || inOrder(wish, leaves.entry) > 0)) {
          expect(state.service).toBe(wish.change.word === 'no_wish' ? 'none' : wish.change.word)
        }
        expect(state.changed_at).toBe(counted.at(-1)?.at.toISOString() ?? from.changed_at)
      }),
      { numRuns: 1000, seed: 202 },
    )
  })

  it('never has a guest in a room under maintenance', () => {
    fc.assert(
      fc.property(entries, base, (all, from) => {
        for (const { step } of foldRoom(from, all).steps) {
          expect(step.state.maintenance !== 'none' && step.state.occupancy === 'occupied').toBe(false)
        }
      }),
      { numRuns: 500, seed: 203 },
    )
  })

  it('an inspection heard before the cleaning it follows counts once the cleaning is heard', () => {
    const entry = (minute: number, word: RoomStatusWord): RoomEntry => ({
      at: new Date(START + minute * 60_000),
      key: word,
      by: null,
      change: { word },
    })
    expect(foldRoom(UNKNOWN_ROOM, [entry(20, 'inspected')]).steps[0]?.step.refused).toBe('not_clean')
    const both = foldRoom(UNKNOWN_ROOM, [entry(20, 'inspected'), entry(10, 'clean')])
    expect(both.steps.map(({ step }) => [step.from, step.to, step.refused])).toEqual([
      ['dirty', 'clean', null],
      ['clean', 'inspected', null],
    ])
  })

  it('a snapshot takes the place of all before it', () => {
    const snapshot = { word: 'snapshot' as const, state: stateFromStatus('occupied') }
    const entry = (key: string, minute: number, change: RoomEntry['change']): RoomEntry => ({
      at: new Date(START + minute * 60_000),
      key,
      by: null,
      change,
    })
    const early = entry('a', 0, { word: 'inspected' })
    const { state, steps } = foldRoom(undefined, [entry('b', 5, snapshot), early])
    expect(state).toEqual(snapshot.state)
    expect(steps.map(({ step }) => step.refused)).toEqual(['not_clean', null])
  })
})

it.each([
  ['201', 2],
  ['1203', 12],
  ['A305', 3],
  ['305B', 3],
  ['12', null],
  ['Penthouse', null],
  ['12034', null],
])('room %s is on floor %s', (number, floor) => {
  expect(floorOf(number)).toBe(floor)
})
