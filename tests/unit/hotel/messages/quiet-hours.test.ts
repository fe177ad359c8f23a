import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GUEST_TEMPLATES } from '../../../../src/hotel/messages/guest-notification.parameters.ts'
import { quietUntil, respectsQuietHours } from '../../../../src/hotel/messages/quiet-hours.rules.ts'

const HOTEL = 'Asia/Ho_Chi_Minh'
const NIGHT = { from: '22:00', to: '07:00' }
const until = (at: string, quiet = NIGHT) => quietUntil(new Date(at), quiet, HOTEL)?.toISOString()

describe('quiet hours', () => {
  it.each([
    ['2025-01-17T21:59:59+07:00', undefined],
    ['2025-01-17T22:00:00+07:00', '2025-01-18T00:00:00.000Z'],
    ['2025-01-18T00:00:00+07:00', '2025-01-18T00:00:00.000Z'],
    ['2025-01-18T06:59:59+07:00', '2025-01-18T00:00:00.000Z'],
    ['2025-01-18T07:00:00+07:00', undefined],
    ['2025-01-18T12:00:00+07:00', undefined],
  ])('from 22:00 to 07:00, at %s: %s', (at, end) => {
    expect(until(at)).toBe(end)
  })

  it('may lie within one day, or not be at all', () => {
    const nap = { from: '13:00', to: '14:30' }
    expect(until('2025-01-17T13:00:00+07:00', nap)).toBe('2025-01-17T07:30:00.000Z')
    expect(until('2025-01-17T14:30:00+07:00', nap)).toBeUndefined()
    expect(until('2025-01-17T23:00:00+07:00', { from: '22:00', to: '22:00' })).toBeUndefined()
  })

  const instants = fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
  const clock = fc
    .tuple(fc.nat({ max: 23 }), fc.nat({ max: 59 }))
    .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`)
  const zones = fc.constantFrom(
    HOTEL,
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Pacific/Apia',
    'Asia/Kathmandu',
  )

  it('are what the clock on the wall says, and end when it shows their end', () => {
    const wall = (at: Date, zone: string) =>
      at.toLocaleTimeString('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' })
    fc.assert(
      fc.property(
        instants,
        clock,
        clock,
        fc.constantFrom(HOTEL, 'UTC', 'Asia/Kathmandu'),
        (at, from, to, zone) => {
          const now = wall(at, zone)
          const quiet = from < to ? from <= now && now < to : from !== to && (now >= from || now < to)
          const end = quietUntil(at, { from, to }, zone)
          expect(end !== undefined).toBe(quiet)
          if (end) expect(wall(end, zone)).toBe(to)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('are over when they are over, within a day or so, in any timezone and season', () => {
    fc.assert(
      fc.property(instants, clock, clock, zones, (at, from, to, zone) => {
        const end = quietUntil(at, { from, to }, zone)
        if (!end) return
        expect(end.getTime()).toBeGreaterThan(at.getTime())
        expect(end.getTime() - at.getTime()).toBeLessThanOrEqual(25 * 3_600_000)
        expect(quietUntil(end, { from, to }, zone)).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })

  it('hold everything but emails that answer what the guest just did', () => {
    const free = GUEST_TEMPLATES.filter((template) => !respectsQuietHours(template, 'email'))
    expect(free).toEqual([
      'booking_confirmation',
      'booking_modified',
      'booking_cancelled',
      'request_received',
      'request_finished',
    ])
    for (const template of GUEST_TEMPLATES) {
      expect(respectsQuietHours(template, 'sms')).toBe(true)
      expect(respectsQuietHours(template, 'whatsapp')).toBe(true)
    }
  })
})
