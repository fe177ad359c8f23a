import { describe, expect, it } from 'vitest'
import { type Blackout, inBlackout } from '../../../../../src/platform/schedules/timing/blackouts.ts'

const zone = 'Asia/Ho_Chi_Minh'
const at = (local: string) => new Date(`${local}+07:00`)
const told = (blackout: Blackout, local: string) => inBlackout([blackout], at(local), zone)

describe('a blackout', () => {
  it.each([
    ['2026-01-05T11:59:59', undefined],
    ['2026-01-05T12:00:00', 'Blackout 12:00-14:00'],
    ['2026-01-05T13:59:59', 'Blackout 12:00-14:00'],
    ['2026-01-05T14:00:00', undefined],
  ])('of two hours at noon, at %s: %s', (local, expected) => {
    expect(told({ from: '12:00', to: '14:00' }, local)).toBe(expected)
  })

  it.each([
    ['2026-01-05T21:59:00', undefined],
    ['2026-01-05T22:00:00', 'Blackout 22:00-06:00'],
    ['2026-01-06T05:59:00', 'Blackout 22:00-06:00'],
    ['2026-01-06T06:00:00', undefined],
  ])('over midnight, at %s: %s', (local, expected) => {
    expect(told({ from: '22:00', to: '06:00' }, local)).toBe(expected)
  })

  // 2026-01-05 is a Monday.
  it.each([
    ['2026-01-05T05:00:00', [0], false],
    ['2026-01-05T05:00:00', [6], true],
    ['2026-01-05T23:00:00', [0], true],
    ['2026-01-06T05:00:00', [0], true],
    ['2026-01-06T23:00:00', [0], false],
    ['2026-01-06T05:00:00', [1], false],
  ])('belongs to the day on which it begins: at %s, days %j: %s', (local, days, expected) => {
    expect(told({ from: '22:00', to: '06:00', days }, local) !== undefined).toBe(expected)
  })

  it('from a time to the same one is a whole day', () => {
    expect(told({ from: '08:00', to: '08:00', days: [0] }, '2026-01-05T07:59:00')).toBeUndefined()
    expect(told({ from: '08:00', to: '08:00', days: [0] }, '2026-01-06T07:59:00')).toBe(
      'Blackout 08:00-08:00',
    )
    expect(told({ from: '08:00', to: '08:00', days: [0] }, '2026-01-06T08:00:00')).toBeUndefined()
  })

  it.each([
    ['2026-12-24T17:59:59', undefined],
    ['2026-12-24T18:00:00', 'Blackout 2026-12-24 18:00 to 2026-12-26 06:00'],
    ['2026-12-26T06:00:00', undefined],
  ])('between two instants, at %s: %s', (local, expected) => {
    expect(told({ from: at('2026-12-24T18:00:00'), to: at('2026-12-26T06:00:00') }, local)).toBe(expected)
  })

  it('goes by what the clocks show in both passes of a repeated hour', () => {
    const blackouts = [{ from: '02:00', to: '03:00' }]
    for (const instant of ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'])
      expect(inBlackout(blackouts, new Date(instant), 'Europe/Paris')).toBe('Blackout 02:00-03:00')
    expect(inBlackout(blackouts, new Date('2026-10-25T02:00:00Z'), 'Europe/Paris')).toBeUndefined()
  })

  it('is the first of several that is in force', () => {
    const blackouts = [
      { from: '01:00', to: '02:00' },
      { from: '12:00', to: '14:00' },
    ]
    expect(inBlackout(blackouts, at('2026-01-05T13:00:00'), zone)).toBe('Blackout 12:00-14:00')
  })
})
