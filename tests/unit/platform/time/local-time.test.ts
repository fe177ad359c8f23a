import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addDays,
  atLocal,
  dayOfWeek,
  justAfter,
  localDate,
  toInstant,
} from '../../../../src/platform/time/local-time.ts'

const ZONES = ['Asia/Ho_Chi_Minh', 'Europe/Paris', 'America/New_York']
const zone = fc.constantFrom(...ZONES)
const instant = fc.date({
  min: new Date('2000-01-01T00:00:00Z'),
  max: new Date('2037-12-31T00:00:00Z'),
  noInvalidDate: true,
})

/** An independent formatting of the hotel's clock: 'YYYY-MM-DD HH:MM:SS'. */
function clock(at: Date, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(at)
}

describe('toInstant', () => {
  it.each([
    ['2025-01-17T08:30:00Z', '2025-01-17T08:30:00.000Z'],
    ['2025-01-17t08:30:00z', '2025-01-17T08:30:00.000Z'],
    ['2025-01-17T08:30:00+07:00', '2025-01-17T01:30:00.000Z'],
    ['2025-01-17 08:30:00.123456789+0700', '2025-01-17T01:30:00.123Z'],
    ['2025-01-17T08:30:00', '2025-01-17T01:30:00.000Z'],
    ['2025-01-17 08:30', '2025-01-17T01:30:00.000Z'],
    ['2025-01-17T08:30:00.5', '2025-01-17T01:30:00.500Z'],
  ])('%s in Ho Chi Minh City is %s', (text, expected) => {
    expect(toInstant(text, 'Asia/Ho_Chi_Minh').toISOString()).toBe(expected)
  })

  it.each([
    ['a skipped time moves on by the gap', '2025-03-30T02:30:00', 'Europe/Paris', '2025-03-30T01:30:00.000Z'],
    ['a time shown twice is the first', '2025-10-26T02:30:00', 'Europe/Paris', '2025-10-26T00:30:00.000Z'],
    ['the end of the gap', '2025-03-30T03:00:00', 'Europe/Paris', '2025-03-30T01:00:00.000Z'],
    ['a skipped time, New York', '2025-03-09T02:15:00', 'America/New_York', '2025-03-09T07:15:00.000Z'],
    ['a time shown twice, New York', '2025-11-02T01:30:00', 'America/New_York', '2025-11-02T05:30:00.000Z'],
    ['an evening before the change', '2025-03-29T22:00:00', 'Europe/Paris', '2025-03-29T21:00:00.000Z'],
    ['a morning after the change', '2025-03-30T06:00:00', 'Europe/Paris', '2025-03-30T04:00:00.000Z'],
  ])('%s', (_, text, timezone, expected) => {
    expect(toInstant(text, timezone).toISOString()).toBe(expected)
  })

  it.each(['', 'yesterday', '2025-01-17', '2025-13-01T00:00:00Z', '2025-01-17T25:00:00'])(
    'refuses %j',
    (text) => {
      expect(() => toInstant(text, 'Asia/Ho_Chi_Minh')).toThrow(RangeError)
    },
  )

  it('shows the same wall clock again, or the same instant', () => {
    fc.assert(
      fc.property(instant, zone, (at, timezone) => {
        const shown = clock(at, timezone)
        const back = toInstant(shown, timezone)
        // In the hour shown twice the first is taken: an hour earlier, with the same clock.
        expect(clock(back, timezone)).toBe(shown)
        expect(back.getTime()).toBeLessThanOrEqual(at.getTime())
        expect(at.getTime() - back.getTime()).toBeLessThan(3_601_000)
      }),
      { numRuns: 500 },
    )
  })
})

describe('the calendar', () => {
  it('localDate is the day the hotel clock shows', () => {
    fc.assert(
      fc.property(instant, zone, (at, timezone) => {
        expect(localDate(at, timezone)).toBe(clock(at, timezone).slice(0, 10))
      }),
    )
  })

  it('changes day at the hotel, not in London', () => {
    expect(localDate(new Date('2025-01-17T16:59:59Z'), 'Asia/Ho_Chi_Minh')).toBe('2025-01-17')
    expect(localDate(new Date('2025-01-17T17:00:00Z'), 'Asia/Ho_Chi_Minh')).toBe('2025-01-18')
  })

  it('counts the week from Monday = 0', () => {
    expect(['2025-01-13', '2025-01-17', '2025-01-19'].map(dayOfWeek)).toEqual([0, 4, 6])
  })

  it('every day is followed by one with the next weekday, over months, leap days and DST', () => {
    fc.assert(
      fc.property(instant, zone, fc.integer({ min: -400, max: 400 }), (at, timezone, days) => {
        const date = localDate(at, timezone)
        const moved = addDays(date, days)
        expect(addDays(moved, -days)).toBe(date)
        expect(dayOfWeek(moved)).toBe((((dayOfWeek(date) + days) % 7) + 7) % 7)
      }),
    )
    expect(addDays('2024-02-28', 1)).toBe('2024-02-29')
    expect(addDays('2025-12-31', 1)).toBe('2026-01-01')
  })

  it('what follows something is never before it, however late the clock is', () => {
    const at = '2025-01-17T08:00:00.000Z'
    expect(justAfter(at, new Date('2025-01-17T09:00:00Z'))).toEqual(new Date('2025-01-17T09:00:00Z'))
    for (const behind of [at, '2025-01-17T07:00:00Z'])
      expect(justAfter(at, new Date(behind))).toEqual(new Date('2025-01-17T08:00:00.001Z'))
  })

  it('atLocal takes times with and without seconds', () => {
    expect(atLocal('2025-01-17', '08:00', 'Asia/Ho_Chi_Minh')).toEqual(new Date('2025-01-17T01:00:00Z'))
    expect(atLocal('2025-01-17', '08:00:30', 'Asia/Ho_Chi_Minh')).toEqual(new Date('2025-01-17T01:00:30Z'))
  })
})
