import { describe, expect, it } from 'vitest'
import { isReady, looksDirtySince, staleAt } from '../../../../src/hotel/rooms/room-ready.rules.ts'
import { UNKNOWN_ROOM } from '../../../../src/hotel/rooms/room-state.rules.ts'

const CLEAN = { ...UNKNOWN_ROOM, housekeeping: 'clean' as const }
const INSPECTED = { ...UNKNOWN_ROOM, housekeeping: 'inspected' as const }

describe('a room is ready', () => {
  it('when it is clean, or inspected where the hotel inspects', () => {
    expect(isReady(CLEAN, { inspectsRooms: false })).toBe(true)
    expect(isReady(CLEAN, { inspectsRooms: true })).toBe(false)
    expect([true, false].map((inspectsRooms) => isReady(INSPECTED, { inspectsRooms }))).toEqual([true, true])
    expect(isReady({ ...CLEAN, housekeeping: 'pickup' }, { inspectsRooms: false })).toBe(false)
  })

  it('never with a guest in it or under maintenance', () => {
    expect(isReady({ ...INSPECTED, occupancy: 'occupied' }, { inspectsRooms: true })).toBe(false)
    expect(isReady({ ...INSPECTED, maintenance: 'out_of_service' }, { inspectsRooms: true })).toBe(false)
  })
})

describe('a picture', () => {
  const CHANGED = '2025-01-17T04:00:00.000Z'
  const dirty = { looks: 'dirty', confidence: 0.8, analysed_at: '2025-01-17T04:00:01Z' }
  it.each([
    ['sure and newer', true, CHANGED, dirty],
    ['of a room that changed nobody knows when', true, null, dirty],
    ['not sure', false, CHANGED, { ...dirty, confidence: 0.79 }],
    ['as old as the change', false, CHANGED, { ...dirty, analysed_at: CHANGED }],
    ['of a clean room', false, CHANGED, { ...dirty, looks: 'clean' }],
    ['of nothing to be seen', false, CHANGED, { ...dirty, looks: 'unknown' }],
  ])('%s: speaks against the report? %s', (_name, expected, changedAt, picture) => {
    expect(looksDirtySince(changedAt, picture)).toBe(expected)
  })
})

it('the news is stale at the next night audit of the hotel', () => {
  const hotel = { timezone: 'Asia/Ho_Chi_Minh', nightAuditAt: '03:00' }
  expect(staleAt('2025-01-17', hotel).toISOString()).toBe('2025-01-17T20:00:00.000Z')
})
