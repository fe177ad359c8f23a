import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ROOM_STATUSES, type RoomStatusWord } from '../../../../src/hotel/rooms/room.event.ts'
import { foldRoom, type RoomEntry } from '../../../../src/hotel/rooms/room-fold.rules.ts'
import { stateFromStatus } from '../../../../src/hotel/rooms/room-state.rules.ts'
import { minute } from '../../../support/hotel-rules.ts'

const entry = (at: number, word: RoomStatusWord, withdrawn = false): RoomEntry => ({
  at: minute(at),
  key: `${at} ${word}`,
  by: null,
  change: { word },
  withdrawn,
})
/** As the history has them once they are folded. */
const stored = (entries: RoomEntry[]) =>
  foldRoom(undefined, entries).steps.map(({ entry: one, step }) => ({ ...one, stored: step.state }))

describe('a change that was withdrawn', () => {
  it('counts as never made, and stays in the history as refused', () => {
    const all = [entry(1, 'clean'), entry(2, 'occupied'), entry(3, 'vacant'), entry(4, 'inspected')]
    const withdrawn = all.map((one) => ({ ...one, withdrawn: one.at < minute(4) && one.at > minute(1) }))
    expect(foldRoom(undefined, all).state.housekeeping).toBe('dirty')
    const { state, steps } = foldRoom(undefined, withdrawn)
    expect(state).toMatchObject({ housekeeping: 'inspected', occupancy: 'vacant' })
    expect(steps.map(({ step }) => step.refused)).toEqual([null, 'withdrawn', 'withdrawn', null])
  })
})

describe('a late change before a long history', () => {
  const history = stored(
    Array.from({ length: 1_000 }, (_, n) => entry(10 + n, n % 2 === 0 ? 'clean' : 'dirty')),
  )

  it('is folded up to where it comes to what is known', () => {
    const { state, steps } = foldRoom(undefined, [...history, entry(5, 'pickup')])
    expect(steps).toHaveLength(2)
    expect(state).toEqual(history.at(-1)?.stored)
  })

  it('is folded to the end when it changes an axis nobody spoke about since', () => {
    const { state, steps } = foldRoom(undefined, [...history, entry(5, 'occupied')])
    expect(steps).toHaveLength(1_001)
    expect(state).toMatchObject({ occupancy: 'occupied', housekeeping: 'dirty' })
  })

  it('and before a snapshot that is not kept yet, to that', () => {
    const snapshot = { word: 'snapshot' as const, state: stateFromStatus('occupied') }
    const news: RoomEntry = { at: minute(2_000), key: 'news', by: null, change: snapshot }
    expect(foldRoom(undefined, [...history, entry(5, 'pickup'), news]).state).toEqual(snapshot.state)
  })
})

it('stopping early comes to the same as 500 whole folds', () => {
  const said = fc.record({ at: fc.integer({ min: 0, max: 20 }), word: fc.constantFrom(...ROOM_STATUSES) })
  const story = fc.array(said, { minLength: 2, maxLength: 12 })
  fc.assert(
    fc.property(story, said, (all, late) => {
      const entries = all.map((one, n) => ({ ...entry(one.at, one.word), key: `k${n}` }))
      const news = { ...entry(late.at, late.word), key: 'late' }
      const whole = foldRoom(undefined, [...entries, news])
      const early = foldRoom(undefined, [...stored(entries), news])
      expect(early.state).toEqual(whole.state)
      expect(early.steps.map(({ step }) => step)).toEqual(
        whole.steps.slice(0, early.steps.length).map(({ step }) => step),
      )
    }),
    { numRuns: 500, seed: 11 },
  )
})
