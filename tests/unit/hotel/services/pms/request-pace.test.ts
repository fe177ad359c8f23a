import fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createRequestPace } from '../../../../../src/hotel/services/pms/request-pace.ts'

const never = new AbortController().signal
beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it('lets at most five through in any second, in order, and no later than it must', async () => {
  const waits = fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(waits, async (gaps) => {
      const pace = createRequestPace({ requests: 5, withinMs: 1000 })
      const went: { order: number; at: number; asked: number }[] = []
      for (const [order, gap] of gaps.entries()) {
        await vi.advanceTimersByTimeAsync(gap)
        const asked = performance.now()
        pace(never).then(() => went.push({ order, at: performance.now(), asked }))
      }
      await vi.runAllTimersAsync()
      expect(went.map(({ order }) => order)).toEqual(gaps.map((_, order) => order))
      for (const [index, { at, asked }] of went.entries()) {
        const fifthBefore = went[index - 5]
        const earliest = Math.max(asked, (fifthBefore?.at ?? Number.NEGATIVE_INFINITY) + 1000)
        expect(at).toBeGreaterThanOrEqual(earliest)
        expect(at - earliest).toBeLessThanOrEqual(2)
      }
    }),
    { numRuns: 50 },
  )
})

it('whoever is aborted leaves the line and takes nobody’s place', async () => {
  const pace = createRequestPace({ requests: 1, withinMs: 1000 })
  const abort = new AbortController()
  await pace(never)
  const impatient = expect(pace(abort.signal)).rejects.toThrow('enough')
  const patient = vi.fn()
  pace(never).then(patient)
  abort.abort(new Error('enough'))
  await impatient
  await vi.advanceTimersByTimeAsync(999)
  expect(patient).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(2)
  expect(patient).toHaveBeenCalled()
  await expect(pace(abort.signal)).rejects.toThrow('enough')
})

it('keeps no timer for a line that everybody has left', async () => {
  const pace = createRequestPace({ requests: 1, withinMs: 1000 })
  const abort = new AbortController()
  await pace(never)
  const impatient = expect(pace(abort.signal)).rejects.toThrow('enough')
  abort.abort(new Error('enough'))
  await impatient
  expect(vi.getTimerCount()).toBe(0)
})
