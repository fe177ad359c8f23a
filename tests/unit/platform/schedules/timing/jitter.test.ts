import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jitterMs } from '../../../../../src/platform/schedules/timing/jitter.ts'
import { occurrencesAfter } from '../../../../../src/platform/schedules/timing/occurrences.ts'
import type { Occurrence } from '../../../../../src/platform/schedules/timing/timing.ts'

const slug = fc.string({ minLength: 1 })
const key = fc.string({ minLength: 1 })

describe('jitter', () => {
  it('is less than what was asked for, and ends before the next nominal time', () => {
    const gap = fc.oneof(fc.integer({ min: 1, max: 10_000_000 }), fc.constant(Number.POSITIVE_INFINITY))
    fc.assert(
      fc.property(slug, key, fc.integer({ min: 1, max: 86_400 }), gap, (slug, key, seconds, gap) => {
        const ms = jitterMs(slug, key, seconds, gap)
        expect(Number.isInteger(ms)).toBe(true)
        expect(ms).toBeGreaterThanOrEqual(0)
        expect(ms).toBeLessThan(Math.min(seconds * 1000, gap))
      }),
    )
  })

  it('is the same each time, and another for another schedule or time', () => {
    const of = (slug: string, key: string) => jitterMs(slug, key, 3_600, Number.POSITIVE_INFINITY)
    expect(of('a', '2026-01-01T00:00:00')).toBe(of('a', '2026-01-01T00:00:00'))
    expect(of('a', '2026-01-01T00:00:00')).not.toBe(of('b', '2026-01-01T00:00:00'))
    expect(of('a', '2026-01-01T00:00:00')).not.toBe(of('a', '2026-01-02T00:00:00'))
  })

  it('is none where none was asked for', () => {
    expect(jitterMs('a', 'b', 0, Number.POSITIVE_INFINITY)).toBe(0)
  })

  it('is spread over the whole of it', () => {
    const tenths = new Set<number>()
    for (let i = 0; i < 200; i++) tenths.add(Math.floor(jitterMs('a', `${i}`, 10, 60_000) / 1000))
    expect(tenths.size).toBe(10)
  })

  it.each(['2026-03-28T20:00:00Z', '2026-10-24T20:00:00Z'])(
    'keeps the order across a change of the clocks after %s',
    (after) => {
      const due: number[] = []
      const times: Occurrence[] = []
      for (const time of occurrencesAfter(
        { type: 'cron', cron: '*/20 * * * *', timezone: 'Europe/Paris' },
        new Date(after),
      )) {
        times.push(time)
        if (times.length === 40) break
      }
      times.slice(0, -1).forEach(({ key, at }, i) => {
        const gap = (times[i + 1]?.at.getTime() ?? 0) - at.getTime()
        due.push(at.getTime() + jitterMs('a', key, 86_400, gap))
      })
      expect(due).toEqual([...due].sort((a, b) => a - b))
      expect(new Set(due).size).toBe(due.length)
    },
  )
})
