import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkTiming } from '../../../../../src/platform/schedules/timing/check-timing.ts'
import { describeTiming } from '../../../../../src/platform/schedules/timing/describe.ts'

const cron = (expression: string) => ({ type: 'cron' as const, cron: expression, timezone: 'UTC' })

/** By field: what croner takes, or nearly, and cronstrue does not always. */
const ODD = [
  ['*', '?', '5-5', '*/7', '1-30/5', '0-59', '05', '*,5'],
  ['*', '9-17', '*/5', '0-23', '?', '2,2'],
  ['*', '?', 'L', 'LW', 'lw', '15w', '1W,15', '1,L', 'L,15W', '31W', '5-5W', '*/2'],
  ['*', 'jan', '1-6/2', '*/5', 'JAN-mar', '12-12'],
  ['*', '7', '0-7', '*/2', 'mon#1', '1#L', '5#l', 'friL,mon#1', 'mon-fri#2', '1-5L', '*#2', '*/2#1', '*L'],
]

describe('what croner takes and cronstrue does not', () => {
  it.each([
    ['@DAILY', 'At 00:00, every day'],
    ['? ? ? ? ?', 'Every minute'],
    ['0 9 * * fri#L', 'At 09:00, on the last Friday of the month'],
    ['5-5 * * * *', 'At 5 minutes past the hour'],
    ['0 5-5 * * *', 'At 05:00, every day'],
    ['0 0-23 * * *', 'Every hour'],
    ['*/25 * * * *', 'At 0, 25, and 50 minutes past the hour'],
  ])('is said: %s', (expression, words) => {
    expect(checkTiming(cron(expression))).toBeUndefined()
    expect(describeTiming(cron(expression), 'en')).toBe(`${words} (UTC)`)
  })

  it('never fails', () => {
    const odd = fc.tuple(...ODD.map((items) => fc.constantFrom(...items))).map((fields) => fields.join(' '))
    fc.assert(
      fc.property(odd, (expression) => {
        fc.pre(checkTiming(cron(expression)) === undefined)
        for (const language of ['en', 'vi'] as const) {
          expect(describeTiming(cron(expression), language)).not.toMatch(/undefined|null|NaN|%s|error/i)
        }
      }),
      { numRuns: 500 },
    )
  })
})
