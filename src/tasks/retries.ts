import type { RetryPolicy } from '../engine/flow.ts'

/** Of calls to outside services: over an hour of outage is waited out. */
export const CALL_RETRY: RetryPolicy = {
  ...{ attempts: 12, firstDelaySeconds: 2, backoff: 2, maxDelaySeconds: 300, jitter: 0.2 },
}
/** Of database work. */
export const STORE_RETRY: RetryPolicy = { attempts: 4, firstDelaySeconds: 1, backoff: 2, jitter: 0.2 }
/** Of an undo: what was done must not stay half done because of a long outage. */
export const UNDO_RETRY: RetryPolicy = {
  ...{ attempts: 20, firstDelaySeconds: 1, backoff: 2, maxDelaySeconds: 300, jitter: 0.2 },
}
