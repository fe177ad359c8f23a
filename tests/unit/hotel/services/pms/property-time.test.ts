import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPropertyTime } from '../../../../../src/hotel/services/pms/property-time.ts'
import { toInstant as hotelInstant } from '../../../../../src/platform/time/local-time.ts'

const hanoi = createPropertyTime('Asia/Ho_Chi_Minh')
const berlin = createPropertyTime('Europe/Berlin')

describe('toInstant', () => {
  it.each([
    ['2025-01-17 10:00:00', '2025-01-17T03:00:00.000Z'],
    ['2025-01-17T10:00:00', '2025-01-17T03:00:00.000Z'],
    ['2025-01-17T10:00:00Z', '2025-01-17T10:00:00.000Z'],
    ['2025-01-17 10:00:00+09:00', '2025-01-17T01:00:00.000Z'],
  ])('%s in Hanoi', (text, instant) => {
    expect(hanoi.toInstant(text)).toBe(instant)
  })

  it('agrees with the hotel’s own clock, also where the clocks change', () => {
    const zones = fc.constantFrom(
      'Asia/Ho_Chi_Minh',
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
    )
    const hours = fc.integer({ min: 0, max: 24 * 366 * 2 })
    fc.assert(
      fc.property(zones, hours, fc.integer({ min: 0, max: 3599 }), (zone, hour, second) => {
        const at = new Date(Date.UTC(2024, 0, 1) + hour * 3_600_000 + second * 1000)
        const text = at.toISOString().slice(0, 19)
        expect(createPropertyTime(zone).toInstant(text.replace('T', ' '))).toBe(
          hotelInstant(text, zone).toISOString(),
        )
      }),
    )
  })
})

describe('window', () => {
  it('is the property’s own clock, to the whole second', () => {
    const since = new Date('2025-01-17T03:00:00.900Z')
    const until = new Date('2025-01-17T04:00:00.100Z')
    expect(hanoi.window(since, until)).toEqual({ from: '2025-01-17 10:00:00', to: '2025-01-17 11:00:01' })
  })

  it('holds all of an hour that the clocks show twice', () => {
    // 02:00 to 03:00 on 26 October 2025 happens twice: 00:00Z and 01:00Z.
    const window = berlin.window(new Date('2025-10-26T00:50:00Z'), new Date('2025-10-26T01:10:00Z'))
    expect(window).toEqual({ from: '2025-10-26 01:50:00', to: '2025-10-26 03:10:00' })
  })
})
