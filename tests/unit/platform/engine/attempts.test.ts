import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { attemptOnce, TaskTimeout } from '../../../../src/platform/engine/attempt-once.ts'
import { failedAttempt, nextAttempt, nextDelay } from '../../../../src/platform/engine/attempts.ts'
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

describe('what comes next', () => {
  const policies = fc.option(
    fc.record({
      attempts: fc.integer({ min: 1, max: 6 }),
      firstDelaySeconds: fc.integer({ min: 0, max: 9 }),
    }),
    { nil: undefined },
  )
  const errors = fc.constantFrom(new Error('x'), new TryAgain('busy', 'x', 90), new TryAgain('busy', 'x'))
  const begun = 1_000_000

  /** Attempts that all fail, until there is none left; `history` is what is on record before. */
  function exhaust(
    policy: Parameters<typeof nextAttempt>[0],
    error: unknown,
    random: number,
    history?: Parameters<typeof nextAttempt>[1],
  ) {
    const made = []
    let last = history
    for (let next = nextAttempt(policy, last); next !== 'none'; next = nextAttempt(policy, last)) {
      const startedAt = next.notBefore ?? begun
      const failed = failedAttempt(policy, { ...next, startedAt }, error, startedAt + 5, random)
      made.push({ ...next, ...failed })
      last = failed
    }
    return made
  }

  test('as many attempts as the policy has, numbered on; only the last one knows that it is', () => {
    fc.assert(
      fc.property(policies, errors, fc.double({ min: 0, max: 1, noNaN: true }), (policy, error, random) => {
        const made = exhaust(policy, error, random)
        const all = Array.from({ length: policy?.attempts ?? 1 }, (_, i) => i + 1)
        expect(made.map(({ attempt }) => attempt)).toEqual(all)
        expect(made.map(({ lastAttempt }) => lastAttempt)).toEqual(all.map((n) => n === all.length))
        expect(made[0]?.notBefore).toBeUndefined()
        for (const [i, { notBefore }] of made.slice(1).entries())
          expect(notBefore).toBe(made[i]?.nextAttemptAt)
        for (const { endedAt, nextAttemptAt } of made)
          expect(nextAttemptAt ?? endedAt).toBeGreaterThanOrEqual(endedAt)
      }),
    )
  })

  test('a manual retry gives all attempts of the policy once more, and the numbers count on', () => {
    fc.assert(
      fc.property(policies, errors, fc.integer({ min: 1, max: 50 }), (policy, error, made) => {
        const retried = { attempt: made, attemptsBeforeRetry: made, nextAttemptAt: begun }
        const again = exhaust(policy, error, 0.5, retried)
        expect(again.map(({ attempt }) => attempt - made)).toEqual(
          exhaust(policy, error, 0.5).map(({ attempt }) => attempt),
        )
        expect(again.every(({ attemptsBeforeRetry }) => attemptsBeforeRetry === made)).toBe(true)
      }),
    )
  })

  test('whoever takes over in the middle goes on with the same attempts', () => {
    fc.assert(
      fc.property(policies, errors, fc.nat(5), (policy, error, at) => {
        const whole = exhaust(policy, error, 0.5)
        const stopped = whole[at % whole.length]
        expect(exhaust(policy, error, 0.5, stopped)).toEqual(whole.slice((at % whole.length) + 1))
      }),
    )
  })

  test('a task that gives up is not tried again, and its error is what is kept', () => {
    const [only, ...more] = exhaust(policy, new GiveUp('refused', 'Refused.'), 0.5)
    expect(more).toEqual([])
    expect(only).toMatchObject({ attempt: 1, nextAttemptAt: undefined, error: { code: 'refused' } })
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
