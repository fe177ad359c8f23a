/** How a task is tried: its timeout, which errors are worth another try, and when. */
import { GiveUp, TryAgain } from './errors.ts'
import type { RetryPolicy } from './flow.ts'

const CANCEL_GRACE_MS = 2_000
const LONGEST_RETRY_AFTER = 3_600

export class TaskTimeout extends Error {
  override readonly name = 'TaskTimeout'
  readonly code = 'timeout'
}

/** `attempt` counts from 1, or from the retry that a person asked for. */
export function isLastAttempt(policy: RetryPolicy | undefined, attempt: number): boolean {
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

/**
 * Runs one attempt. Its signal aborts on the timeout and when `stop` does. An attempt that does not listen is
 * abandoned: at the timeout at once, after `stop` within two seconds.
 */
export async function attemptOnce<T>(
  run: (signal: AbortSignal) => Promise<T>,
  timeoutSeconds: number | undefined,
  stop: AbortSignal,
): Promise<T> {
  const abort = new AbortController()
  const timers: NodeJS.Timeout[] = []
  const onStop = (reject: (error: Error) => void) => {
    abort.abort(stop.reason)
    timers.push(setTimeout(() => reject(new Error('It did not stop in time.')), CANCEL_GRACE_MS))
  }
  let listener: (() => void) | undefined
  const cutShort = new Promise<never>((_, reject) => {
    if (timeoutSeconds !== undefined) {
      const timeout = new TaskTimeout(`It took longer than ${timeoutSeconds} s.`)
      const expire = () => {
        // Refused first: what the attempt makes of its abort comes too late to hide why.
        reject(timeout)
        abort.abort(timeout)
      }
      timers.push(setTimeout(expire, timeoutSeconds * 1000))
    }
    listener = () => onStop(reject)
    // It may have been asked for while the attempt was prepared.
    if (stop.aborted) listener()
    else stop.addEventListener('abort', listener, { once: true })
  })
  cutShort.catch(() => {})
  try {
    return await Promise.race([run(abort.signal), cutShort])
  } finally {
    for (const timer of timers) clearTimeout(timer)
    if (listener) stop.removeEventListener('abort', listener)
  }
}
