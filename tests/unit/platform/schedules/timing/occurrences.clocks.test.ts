/** Every change of the clocks of ten zones in three years, and some odd ones: against a calculation that goes minute by minute. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { occurrencesAfter } from '../../../../../src/platform/schedules/timing/occurrences.ts'
import { changes, minutesBetween, type Shown, ZONES } from './wall-clocks.ts'

const HOUR = 3_600_000
const [FROM, TO] = [Date.UTC(2025, 0, 1), Date.UTC(2028, 0, 1)]

const CHANGES: [zone: string, at: string][] = [
  ...ZONES.flatMap((zone) =>
    changes(zone, FROM, TO).map((at): [string, string] => [zone, new Date(at).toISOString()]),
  ),
  // A day that never was; midnights that never were; zones of half and quarter hours, which change nothing.
  ['Pacific/Apia', '2011-12-30T10:00:00.000Z'],
  ['America/Sao_Paulo', '2018-11-04T03:00:00.000Z'],
  ['America/Sao_Paulo', '2018-02-18T02:00:00.000Z'],
  ['Asia/Kolkata', '2026-03-29T01:00:00.000Z'],
  ['Asia/Kathmandu', '2026-03-29T01:00:00.000Z'],
]

type Numbers = fc.Arbitrary<number[]>
const subset = (size: number, most: number): Numbers =>
  fc
    .oneof(
      fc.uniqueArray(fc.integer({ min: 0, max: size - 1 }), { minLength: 1, maxLength: most }),
      fc.constant(Array.from({ length: size }, (_, i) => i)),
    )
    .map((found) => found.sort((a, b) => a - b))

const pattern = fc.record({
  minutes: fc.oneof(fc.constantFrom([0], [0, 30]) as Numbers, subset(60, 1), subset(60, 6)),
  hours: fc.oneof(fc.constantFrom([0], [1, 2, 3]) as Numbers, subset(24, 1), subset(24, 8)),
})
type Pattern = { minutes: number[]; hours: number[] }

interface Expected {
  key: string
  at: number
}

describe('around a change of the clocks', () => {
  it('there are enough of them', () => {
    expect(CHANGES.length).toBeGreaterThan(50)
  })

  it.each(CHANGES)('%s at %s', (zone, changed) => {
    const start = Date.parse(changed) - 40 * HOUR
    const end = start + 80 * HOUR
    const shown = minutesBetween(start, end, zone)
    const [everyTime, everyNominal] = [timesShown(shown), nominalTimes(shown)]
    fc.assert(
      fc.property(pattern, fc.integer({ min: 0, max: 60 * HOUR }), (wanted, offset) => {
        const all = isTimeOfDay(wanted) ? once(everyNominal, wanted) : everyTime.filter(matching(wanted))
        // At the edges a time may belong to a pass or gap outside.
        const after = start + 4 * HOUR + offset
        const until = end - 6 * HOUR
        const expected = all.filter(({ at }) => at > after && at < until).map(({ key, at }) => ({ key, at }))
        expect(ours(wanted, zone, after, until)).toEqual(expected)
        expect(new Set(expected.map(({ key }) => key)).size).toBe(expected.length)
        expect(expected.every(({ at }, i) => i === 0 || at > (expected[i - 1] as Expected).at)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })
})

function ours({ minutes, hours }: Pattern, timezone: string, after: number, until: number): Expected[] {
  const cron = `${minutes.join(',')} ${hours.join(',')} * * *`
  const found: Expected[] = []
  for (const { key, at } of occurrencesAfter({ type: 'cron', cron, timezone }, new Date(after))) {
    if (at.getTime() >= until) break
    found.push({ key: `${key.slice(0, 16)}${key.length > 19 ? ' again' : ''}`, at: at.getTime() })
  }
  return found
}

function isTimeOfDay({ minutes, hours }: Pattern): boolean {
  return minutes.length === 1 && hours.length < 24
}

interface Candidate extends Expected {
  hour: number
  minute: number
}

const candidate = (key: string, at: number): Candidate => ({
  ...{ key, at },
  hour: Number(key.slice(11, 13)),
  minute: Number(key.slice(14, 16)),
})

const matching =
  ({ minutes, hours }: Pattern) =>
  ({ hour, minute }: Candidate) =>
    hours.includes(hour) && minutes.includes(minute)

/** Whatever the clocks show, as often as they do. */
function timesShown(shown: readonly Shown[]): Candidate[] {
  const seen = new Set<string>()
  return shown.map(({ at, text }) => {
    const key = seen.has(text) ? `${text} again` : text
    seen.add(text)
    return candidate(key, at)
  })
}

/** Each minute of a calendar whose clocks never change, at the first instant at which the real ones show it or more. */
function nominalTimes(shown: readonly Shown[]): Candidate[] {
  const found: Candidate[] = []
  let latest = shown[0]?.text ?? ''
  for (const { at, text } of shown) {
    if (text <= latest) continue
    for (let ms = Date.parse(`${latest}Z`) + 60_000; ms <= Date.parse(`${text}Z`); ms += 60_000)
      found.push(candidate(new Date(ms).toISOString().slice(0, 16), at))
    latest = text
  }
  return found
}

/** Of several at one instant the first. */
function once(nominal: readonly Candidate[], wanted: Pattern): Candidate[] {
  const found = nominal.filter(matching(wanted))
  return found.filter(({ at }, i) => at !== found[i - 1]?.at)
}
