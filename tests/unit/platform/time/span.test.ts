import { expect, it } from 'vitest'
import { spanSeconds } from '../../../../src/platform/time/span.ts'

it('reads seconds, minutes, hours and days', () => {
  expect(['90s', '15m', '2h', '1 d', '0s'].map(spanSeconds)).toEqual([90, 900, 7_200, 86_400, 0])
})

it('takes nothing else', () => {
  for (const text of ['', '15', 'm', '1.5h', '-1m', '1w', '15m later', '999999999s'])
    expect(spanSeconds(text), text).toBeUndefined()
})
