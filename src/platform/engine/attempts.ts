/** Whether and when a task is tried (again): decisions on what is on record, without a clock or chance of their own. */
import { describeError, GiveUp, TryAgain } from './errors.ts'
import type { RetryPolicy } from './flow.ts'
import type { FailedAttempt } from './journal.ts'

const LONGEST_RETRY_AFTER = 3_600

/** An attempt that is to be made. */
export interface PlannedAttempt {
  /** 1 for the first; counts on after a manual retry. */
  attempt: number
  /** Epoch milliseconds; undefined: now. */
  notBefore: number | undefined
  /** None follows when this one fails, unless a person asks for a retry. */
  lastAttempt: boolean
  /** Made before the last manual retry: the policy counts from there. */
  attemptsBeforeRetry: number
}

/** What the newest failed attempt says of a step; all of its history that matters. */
export type AttemptHistory = Pick<FailedAttempt, 'attempt' | 'nextAttemptAt' | 'attemptsBeforeRetry'>

/** `history` undefined: none has failed. 'none': the newest one was the last. */
export function nextAttempt(
  policy: RetryPolicy | undefined,
  history: AttemptHistory | undefined,
): PlannedAttempt | 'none' {
  if (history && history.nextAttemptAt === undefined) return 'none'
  const attempt = (history?.attempt ?? 0) + 1
  const attemptsBeforeRetry = history?.attemptsBeforeRetry ?? 0
  return {
    attempt,
    notBefore: history?.nextAttemptAt,
    lastAttempt: isLastAttempt(policy, attempt - attemptsBeforeRetry),
    attemptsBeforeRetry,
  }
}

/** An attempt that failed at `endedAt` (epoch milliseconds), with the time of the next one. `random` is 0..1. */
export function failedAttempt(
  policy: RetryPolicy | undefined,
  {
    attempt,
    attemptsBeforeRetry,
    startedAt,
  }: Pick<FailedAttempt, 'startedAt'> & Omit<AttemptHistory, 'nextAttemptAt'>,
  error: unknown,
  endedAt: number,
  random: number,
): Omit<FailedAttempt, 'step' | 'taskName'> {
  const delay = nextDelay(policy, attempt - attemptsBeforeRetry, error, random)
  const nextAttemptAt = delay === undefined ? undefined : endedAt + delay * 1000
  return { attempt, attemptsBeforeRetry, startedAt, endedAt, nextAttemptAt, error: describeError(error) }
}

/** `attempt` counts from 1, or from the retry that a person asked for. */
function isLastAttempt(policy: RetryPolicy | undefined, attempt: number): boolean {
  return attempt >= (policy?.attempts ?? 1)
}

/**
 * Seconds to wait before the next try, or undefined when there is none. `random` is 0..1.
 * A TryAgain's `afterSeconds` (Retry-After) is a lower bound and may exceed the policy's cap: the service asked for it.
 */
export function nextDelay(
  policy: RetryPolicy | undefined,
  attempt: number,
  error: unknown,
  random: number,
): number | undefined {
  if (error instanceof GiveUp || isLastAttempt(policy, attempt)) return undefined
  const { firstDelaySeconds = 1, backoff = 2, maxDelaySeconds = 600, jitter = 0.2 } = policy ?? {}
  const plain = Math.min(firstDelaySeconds * backoff ** (attempt - 1), maxDelaySeconds)
  const spread = plain * (1 + jitter * (2 * random - 1))
  const after = error instanceof TryAgain ? (error.afterSeconds ?? 0) : 0
  // A service may ask for anything: not for what is no number, nor for longer than an hour.
  return Math.max(0, spread, Number.isNaN(after) ? 0 : Math.min(after, LONGEST_RETRY_AFTER))
}
