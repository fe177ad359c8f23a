import { CronDate, CronPattern } from 'croner'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkTiming } from '../../../../../src/platform/schedules/timing/check-timing.ts'
import { readCron } from '../../../../../src/platform/schedules/timing/cron-pattern.ts'
import { cronText } from './crons.ts'

describe('a cron pattern', () => {
  it('has the times that croner has', () => {
    const accepted = cronText.filter(
      (cron) => checkTiming({ type: 'cron', cron, timezone: 'UTC' }) === undefined,
    )
    const start = fc.date({ min: new Date('1999-01-01'), max: new Date('2060-01-01'), noInvalidDate: true })
    fc.assert(
      fc.property(accepted, start, (cron, from) => {
        const ours = readCron(cron)
        const theirs = new CronPattern(cron, undefined, { mode: '5-part' })
        let at: number | undefined = from.getTime()
        for (let i = 0; i < 10 && at !== undefined; i++) {
          const expected = new CronDate(new Date(at), 0).increment(theirs, {}, false)?.getTime()
          at = ours.next(at)
          expect(at).toBe(expected)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it.each(['30 2 * * *', '0 9,18 * * mon', '0 */6 * * *', '15 8-20 1 * *', '@daily', '0 1-23 * * *'])(
    '%s is a time of day',
    (cron) => {
      expect(readCron(cron).isTimeOfDay).toBe(true)
    },
  )

  it.each([
    '*/30 * * * *',
    '0 * * * *',
    '5-55/10 * * * *',
    '*/20 9-17 * * *',
    '0 0-23 * * *',
    '0,30 2 * * *',
    '@hourly',
  ])('%s is a rhythm', (cron) => {
    expect(readCron(cron).isTimeOfDay).toBe(false)
  })

  it.each([
    ['0 0 29 2 *', '2096-03-01T00:00:00Z', '2104-02-29T00:00:00Z'],
    ['0 0 * 2 1#5', '2073-01-01T00:00:00Z', '2112-02-29T00:00:00Z'],
  ])('%s comes after %s at %s', (cron, after, expected) => {
    expect(new Date(readCron(cron).next(Date.parse(after)) ?? 0)).toEqual(new Date(expected))
  })
})
