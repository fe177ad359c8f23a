import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { onceAMinute } from '../../../../src/platform/observability/once-a-minute.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('logs the first at once, and the next when a minute is over', () => {
  const lines: string[] = []
  const log = onceAMinute((text: string) => lines.push(text))
  log('first')
  log('second')
  vi.advanceTimersByTime(59_999)
  log('third')
  expect(lines).toEqual(['first'])
  vi.advanceTimersByTime(1)
  log('fourth')
  expect(lines).toEqual(['first', 'fourth'])
})
