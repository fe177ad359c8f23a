import { describe, expect, it } from 'vitest'
import { Instant } from '../../../../src/platform/contract/instant.ts'
import { toInstant } from '../../../../src/platform/time/local-time.ts'

/** Hanoi is seven hours ahead, without summer time. */
const ZONE = 'Asia/Ho_Chi_Minh'
const read = (text: string) => toInstant(Instant.parse(text), ZONE).toISOString()

describe('as others write it', () => {
  it.each([
    ['PostgreSQL', '2025-01-17 08:30:00+07', '2025-01-17T01:30:00.000Z'],
    ['PostgreSQL, microseconds', '2025-01-17 08:30:00.123456+07', '2025-01-17T01:30:00.123Z'],
    ['PostgreSQL, half an hour', '2025-01-17 08:30:00-03:30', '2025-01-17T12:00:00.000Z'],
    ['Python, str()', '2025-01-17 08:30:00.123456+07:00', '2025-01-17T01:30:00.123Z'],
    ['Python, without an offset', '2025-01-17 08:30:00', '2025-01-17T01:30:00.000Z'],
    ['strftime', '2025-01-17T08:30:00+0700', '2025-01-17T01:30:00.000Z'],
    ['hours alone, west', '2025-01-17T08:30-05', '2025-01-17T13:30:00.000Z'],
  ])('%s: %s', (_who, text, instant) => {
    expect(read(text)).toBe(instant)
  })
})

describe('a leap second is the second after it', () => {
  it.each([
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['2016-12-31T23:59:60.25Z', '2017-01-01T00:00:00.250Z'],
    ['2017-01-01 06:59:60+07', '2017-01-01T00:00:00.000Z'],
    ['2017-01-01T06:59:60', '2017-01-01T00:00:00.000Z'],
  ])('%s', (text, instant) => {
    expect(read(text)).toBe(instant)
  })

  it('not beyond the last day', () => {
    expect(Instant.safeParse('9998-12-31T23:59:59Z').success).toBe(true)
    expect(Instant.safeParse('9998-12-31T23:59:60Z').success).toBe(false)
  })
})

it.each([
  '2025-01-17',
  '2025-01-17T08',
  '2025-01-17T08:30:61Z',
  '2025-01-17T08:60:00Z',
  '2025-01-17T08:30:00+7',
  '2025-01-17T08:30:00+070',
  '2025-01-17T08:30:00+24',
  '2025-01-17T08:30:00 +07',
  '2025-02-30T08:30:00+07',
  '',
])('%o is none', (text) => {
  expect(Instant.safeParse(text).success).toBe(false)
})
