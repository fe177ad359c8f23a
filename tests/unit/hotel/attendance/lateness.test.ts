import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  lateMinutes,
  nearestShift,
  type WeeklyShift,
} from '../../../../src/hotel/attendance/lateness.rules.ts'
import { atLocal } from '../../../../src/platform/time/local-time.ts'

const HCM = 'Asia/Ho_Chi_Minh'
const everyDay = (start: string, end: string | null): WeeklyShift[] =>
  Array.from({ length: 7 }, (_, dayOfWeek) => ({ dayOfWeek, start, end }))
const hcm = (text: string) => atLocal(text.slice(0, 10), text.slice(11), HCM)
/** Friday 2025-01-17. */
const FRIDAY = { dayOfWeek: 4, start: '08:00:00', end: '16:00:00' }

describe('nearestShift', () => {
  it('is the shift of the day', () => {
    expect(nearestShift(hcm('2025-01-17 08:10'), [FRIDAY], HCM)).toEqual({
      date: '2025-01-17',
      start: hcm('2025-01-17 08:00'),
      end: hcm('2025-01-17 16:00'),
    })
  })

  it.each([
    ['2025-01-17 03:59:59', undefined],
    ['2025-01-17 04:00:00', '2025-01-17'],
    ['2025-01-17 20:00:00', '2025-01-17'],
    ['2025-01-17 20:00:01', undefined],
    ['2025-01-18 08:00:00', undefined],
  ])('its window reaches 4 hours around it: %s', (text, date) => {
    expect(nearestShift(hcm(text), [FRIDAY], HCM)?.date).toBe(date)
  })

  it('an overnight shift belongs to the day it starts, before and after midnight', () => {
    const night = [{ dayOfWeek: 4, start: '22:00', end: '06:00' }]
    for (const text of ['2025-01-17 18:00', '2025-01-17 22:20', '2025-01-18 00:30', '2025-01-18 10:00']) {
      expect(nearestShift(hcm(text), night, HCM)).toMatchObject({
        date: '2025-01-17',
        end: hcm('2025-01-18 06:00'),
      })
    }
    expect(nearestShift(hcm('2025-01-18 10:01'), night, HCM)).toBeUndefined()
  })

  it('a shift after midnight is met by an early bird the evening before', () => {
    const early = [{ dayOfWeek: 5, start: '01:00', end: '09:00' }]
    expect(nearestShift(hcm('2025-01-17 22:30'), early, HCM)?.date).toBe('2025-01-18')
  })

  it('the nearer of two shifts, by the edge asked for; the earlier when equally near', () => {
    const split = [
      { dayOfWeek: 4, start: '06:00', end: '10:00' },
      { dayOfWeek: 4, start: '14:00', end: '18:00' },
    ]
    const startOf = (text: string, edge: 'start' | 'end') => nearestShift(hcm(text), split, HCM, edge)?.start
    expect(startOf('2025-01-17 10:05', 'start')).toEqual(hcm('2025-01-17 14:00'))
    expect(startOf('2025-01-17 10:05', 'end')).toEqual(hcm('2025-01-17 06:00'))
    expect(startOf('2025-01-17 10:00', 'start')).toEqual(hcm('2025-01-17 06:00'))
  })

  it('lasts 8 hours without an end', () => {
    const open = [{ ...FRIDAY, end: null }]
    expect(nearestShift(hcm('2025-01-17 08:00'), open, HCM)?.end).toEqual(hcm('2025-01-17 16:00'))
  })

  it('starts by the wall clock on the days the clocks change', () => {
    const night = everyDay('22:00', '06:00')
    const spring = nearestShift(new Date('2025-03-29T21:10:00Z'), night, 'Europe/Paris')
    expect(spring).toEqual({
      date: '2025-03-29',
      start: new Date('2025-03-29T21:00:00Z'),
      end: new Date('2025-03-30T04:00:00Z'),
    })
    const autumn = nearestShift(new Date('2025-10-25T20:00:00Z'), night, 'Europe/Paris')
    expect(autumn?.end).toEqual(new Date('2025-10-26T05:00:00Z'))
  })

  it('holds the instant in its window and is as near as any, whatever the week, the zone and the day', () => {
    const time = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map(([h, m]) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`)
    const shift = fc.record({
      dayOfWeek: fc.integer({ min: 0, max: 6 }),
      start: time,
      end: fc.option(time, { nil: null }),
    })
    const zone = fc.constantFrom(HCM, 'Europe/Paris', 'America/New_York')
    const at = fc.date({ min: new Date('2024-10-01Z'), max: new Date('2025-12-01Z'), noInvalidDate: true })
    fc.assert(
      fc.property(fc.array(shift, { maxLength: 8 }), zone, at, (week, timezone, instant) => {
        const found = nearestShift(instant, week, timezone)
        if (!found) return
        const hours = (a: Date, b: Date) => (a.getTime() - b.getTime()) / 3_600_000
        expect(hours(instant, found.start)).toBeGreaterThanOrEqual(-4)
        expect(hours(instant, found.end)).toBeLessThanOrEqual(4)
        for (const one of week) {
          const other = nearestShift(instant, [one], timezone)
          if (other) {
            expect(Math.abs(hours(instant, found.start))).toBeLessThanOrEqual(
              Math.abs(hours(instant, other.start)),
            )
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('lateMinutes', () => {
  const shift = { start: hcm('2025-01-17 08:00') }
  it.each([
    ['2025-01-17 07:00:00', 0],
    ['2025-01-17 08:00:00', 0],
    ['2025-01-17 08:05:00', 0],
    ['2025-01-17 08:05:01', 5],
    ['2025-01-17 08:17:59', 17],
    ['2025-01-17 09:30:00', 90],
  ])('%s with 5 minutes of grace is %i', (text, minutes) => {
    expect(lateMinutes(hcm(text), shift, 5)).toBe(minutes)
  })

  it('judges to the second: milliseconds make nobody late', () => {
    expect(lateMinutes(new Date(hcm('2025-01-17 08:05:00').getTime() + 999), shift, 5)).toBe(0)
  })

  it('without grace counts from the first whole minute', () => {
    expect(lateMinutes(hcm('2025-01-17 08:01:00'), shift, 0)).toBe(1)
  })
})
