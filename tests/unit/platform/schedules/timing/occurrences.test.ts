import { describe, expect, it } from 'vitest'
import { occurrencesAfter } from '../../../../../src/platform/schedules/timing/occurrences.ts'
import type { Occurrence, Timing } from '../../../../../src/platform/schedules/timing/timing.ts'

function between(timing: Timing, after: string, until: string): Occurrence[] {
  const found: Occurrence[] = []
  for (const occurrence of occurrencesAfter(timing, new Date(after))) {
    if (occurrence.at > new Date(until)) break
    found.push(occurrence)
  }
  return found
}

const told = (found: Occurrence[]) =>
  found.map(
    ({ key, at, moved }) => `${key} is ${at.toISOString().slice(0, 16)}Z${moved ? ` (${moved})` : ''}`,
  )

const cron = (text: string, timezone: string): Timing => ({ type: 'cron', cron: text, timezone })

/** Of a year: 'YYYY-MM-DD'. */
function daysOf(year: number): string[] {
  const days: string[] = []
  for (let day = Date.UTC(year, 0, 1); day < Date.UTC(year + 1, 0, 1); day += 86_400_000)
    days.push(new Date(day).toISOString().slice(0, 10))
  return days
}

describe('a time of day', () => {
  it.each(['Europe/Paris', 'America/New_York', 'Australia/Lord_Howe'])(
    'comes exactly once on each day in %s',
    (timezone) => {
      const found = between(cron('30 2 * * *', timezone), '2022-12-30T12:00:00Z', '2031-01-02T12:00:00Z')
      for (let year = 2023; year <= 2030; year++) {
        const ofTheYear = found.filter(({ key }) => key.startsWith(`${year}-`))
        expect(ofTheYear.map(({ key }) => key)).toEqual(daysOf(year).map((day) => `${day}T02:30:00`))
        expect(ofTheYear).toHaveLength(year % 4 === 0 ? 366 : 365)
      }
    },
  )

  it.each([
    [
      'in a gap comes when the clocks have jumped',
      cron('30 2 * * *', 'Europe/Paris'),
      ['2026-03-28T12:00:00Z', '2026-03-30T12:00:00Z'],
      ['2026-03-29T02:30:00 is 2026-03-29T01:00Z (gap)', '2026-03-30T02:30:00 is 2026-03-30T00:30Z'],
    ],
    [
      'in a gap of half an hour too',
      cron('15 2 * * *', 'Australia/Lord_Howe'),
      ['2026-10-03T00:00:00Z', '2026-10-04T16:00:00Z'],
      ['2026-10-04T02:15:00 is 2026-10-03T15:30Z (gap)', '2026-10-05T02:15:00 is 2026-10-04T15:15Z'],
    ],
    [
      'shown twice comes the first time',
      cron('30 2 * * *', 'Europe/Paris'),
      ['2026-10-24T12:00:00Z', '2026-10-26T12:00:00Z'],
      ['2026-10-25T02:30:00 is 2026-10-25T00:30Z', '2026-10-26T02:30:00 is 2026-10-26T01:30Z'],
    ],
    [
      'is not found again from within the second pass',
      cron('30 2 * * *', 'Europe/Paris'),
      ['2026-10-25T01:10:00Z', '2026-10-26T12:00:00Z'],
      ['2026-10-26T02:30:00 is 2026-10-26T01:30Z'],
    ],
    [
      'is one with others of the same gap',
      cron('0 2,3 * * *', 'Europe/Paris'),
      ['2026-03-28T12:00:00Z', '2026-03-30T00:30:00Z'],
      ['2026-03-29T02:00:00 is 2026-03-29T01:00Z (gap)', '2026-03-30T02:00:00 is 2026-03-30T00:00Z'],
    ],
    [
      'at a midnight that never was',
      cron('0 0 * * *', 'America/Sao_Paulo'),
      ['2018-11-03T12:00:00Z', '2018-11-05T12:00:00Z'],
      ['2018-11-04T00:00:00 is 2018-11-04T03:00Z (gap)', '2018-11-05T00:00:00 is 2018-11-05T02:00Z'],
    ],
    [
      'on a day that never was',
      cron('0 12 * * *', 'Pacific/Apia'),
      ['2011-12-29T12:00:00Z', '2011-12-31T00:00:00Z'],
      [
        '2011-12-29T12:00:00 is 2011-12-29T22:00Z',
        '2011-12-30T12:00:00 is 2011-12-30T10:00Z (gap)',
        '2011-12-31T12:00:00 is 2011-12-30T22:00Z',
      ],
    ],
  ])('%s', (_, timing, [after = '', until = ''], expected) => {
    expect(told(between(timing, after, until))).toEqual(expected)
  })
})

describe('a rhythm', () => {
  it.each(['Europe/Paris', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Chatham'])(
    'of half an hour is one of elapsed time in %s',
    (timezone) => {
      const step = 1_800_000
      const found = between(cron('*/30 * * * *', timezone), '2025-12-31T23:59:00Z', '2027-01-01T00:00:00Z')
      const gaps = new Set(
        found.map(({ at }, i) => at.getTime() - (found[i - 1]?.at.getTime() ?? at.getTime() - step)),
      )
      expect([...gaps]).toEqual([step])
      expect(new Set(found.map(({ key }) => key)).size).toBe(found.length)
      // The first and the last minute of a year are not those of the hour everywhere.
      expect(Math.abs(found.length - 365 * 48)).toBeLessThanOrEqual(1)
    },
  )

  it('goes through the repeated hour twice, and says so', () => {
    expect(
      told(between(cron('*/30 * * * *', 'Europe/Paris'), '2026-10-25T00:00:00Z', '2026-10-25T02:00:00Z')),
    ).toEqual([
      '2026-10-25T02:30:00 is 2026-10-25T00:30Z',
      '2026-10-25T02:00:00+01:00 is 2026-10-25T01:00Z',
      '2026-10-25T02:30:00+01:00 is 2026-10-25T01:30Z',
      '2026-10-25T03:00:00 is 2026-10-25T02:00Z',
    ])
  })

  it('has nothing in an hour that is skipped', () => {
    expect(
      told(between(cron('0,30 1-3 * * *', 'Europe/Paris'), '2026-03-29T00:00:00Z', '2026-03-29T02:00:00Z')),
    ).toEqual([
      '2026-03-29T01:30:00 is 2026-03-29T00:30Z',
      '2026-03-29T03:00:00 is 2026-03-29T01:00Z',
      '2026-03-29T03:30:00 is 2026-03-29T01:30Z',
    ])
  })

  it('may rest for years', () => {
    const [first] = between(
      cron('*/30 * 29 2 *', 'Europe/Paris'),
      '2024-03-01T00:00:00Z',
      '2028-02-29T00:00:00Z',
    )
    expect(told(first ? [first] : [])).toEqual(['2028-02-29T00:00:00 is 2028-02-28T23:00Z'])
  })
})

describe('an interval', () => {
  const timing = (anchor: string, seconds = 5_400): Timing => ({
    type: 'interval',
    every_seconds: seconds,
    anchor: new Date(anchor),
    timezone: 'Europe/Paris',
  })

  it('is counted from its anchor by elapsed time', () => {
    expect(
      told(between(timing('2026-01-01T00:00:00Z'), '2026-10-24T23:00:00Z', '2026-10-25T03:00:00Z')),
    ).toEqual([
      '2026-10-25T02:00:00 is 2026-10-25T00:00Z',
      '2026-10-25T02:30:00+01:00 is 2026-10-25T01:30Z',
      '2026-10-25T04:00:00 is 2026-10-25T03:00Z',
    ])
  })

  it('marks the second pass of a time', () => {
    expect(
      told(between(timing('2026-10-25T00:30:00Z', 3_600), '2026-10-25T00:00:00Z', '2026-10-25T02:00:00Z')),
    ).toEqual(['2026-10-25T02:30:00 is 2026-10-25T00:30Z', '2026-10-25T02:30:00+01:00 is 2026-10-25T01:30Z'])
  })

  it('begins at an anchor that is ahead', () => {
    const [first] = between(timing('2026-06-01T00:00:00Z'), '2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z')
    expect(first).toEqual({ key: '2026-06-01T02:00:00', at: new Date('2026-06-01T00:00:00Z') })
  })

  it('is not found at the instant it is asked after', () => {
    const found = between(timing('2026-01-01T00:00:00Z'), '2026-01-01T00:00:00Z', '2026-01-01T02:00:00Z')
    expect(told(found)).toEqual(['2026-01-01T02:30:00 is 2026-01-01T01:30Z'])
  })
})

describe('once', () => {
  const timing: Timing = { type: 'once', at: new Date('2026-10-25T01:30:00Z'), timezone: 'Europe/Paris' }

  it('comes once', () => {
    expect([...occurrencesAfter(timing, new Date('2026-01-01T00:00:00Z'))]).toEqual([
      { key: '2026-10-25T02:30:00+01:00', at: timing.at },
    ])
  })

  it('does not come again', () => {
    expect([...occurrencesAfter(timing, timing.at)]).toEqual([])
  })
})
