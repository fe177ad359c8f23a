import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { attemptOnce, nextDelay, TaskTimeout } from '../../../../src/platform/engine/attempts.ts'
import { GiveUp, TryAgain } from '../../../../src/platform/engine/errors.ts'

const never = new AbortController().signal
const policy = { attempts: 5, firstDelaySeconds: 2, backoff: 3, maxDelaySeconds: 20, jitter: 0.5 }
const error = new Error('x')

describe('when a task is tried again', () => {
  test('delays grow by the backoff up to the cap', () => {
    const noJitter = { ...policy, jitter: 0 }
    expect([1, 2, 3, 4].map((attempt) => nextDelay(noJitter, attempt, error, 0.5))).toEqual([2, 6, 18, 20])
  })

  test('no delay leaves its jitter, and there is none after the last attempt or when the task gives up', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, random) => {
          const delay = nextDelay(policy, attempt, error, random)
          if (attempt >= policy.attempts) return delay === undefined
          const plain = Math.min(2 * 3 ** (attempt - 1), 20)
          return delay !== undefined && delay >= plain * 0.5 && delay <= plain * 1.5
        },
      ),
    )
    expect(nextDelay(policy, 1, new GiveUp('refused', 'x'), 0.5)).toBeUndefined()
    expect(nextDelay(undefined, 1, error, 0.5)).toBeUndefined()
  })

  test('Retry-After is a lower bound, also above the cap', () => {
    expect(nextDelay(policy, 1, new TryAgain('busy', 'x', 90), 0.5)).toBe(90)
    expect(nextDelay(policy, 3, new TryAgain('busy', 'x', 1), 0.5)).toBe(18)
  })
})

describe('one attempt', () => {
  test('ends at its timeout although the task rejects with an abort of its own, or does not listen at all', async () => {
    const listens = (signal: AbortSignal) =>
      new Promise<never>((_, reject) =>
        signal.addEventListener('abort', () => reject(new DOMException('x', 'AbortError'))),
      )
    await expect(attemptOnce(listens, 0.01, never)).rejects.toBeInstanceOf(TaskTimeout)
    await expect(attemptOnce(() => new Promise(() => {}), 0.01, never)).rejects.toBeInstanceOf(TaskTimeout)
  })

  test('is told to stop, and what it answers then still counts', async () => {
    const stop = new AbortController()
    const finishes = (signal: AbortSignal) =>
      new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('done all the same')))
    const result = attemptOnce(finishes, undefined, stop.signal)
    stop.abort(new Error('stop'))
    expect(await result).toBe('done all the same')
  })

  test('that begins after the stop is told at once', async () => {
    const stop = new AbortController()
    stop.abort(new Error('stop'))
    const seen = await attemptOnce(async (signal) => signal.aborted, undefined, stop.signal)
    expect(seen).toBe(true)
  })
})
