/** How often a task is tried, by what it does. What is not said is as `nextDelay` has it. */
import type { RetryPolicy } from './flow.ts'

/** Of calls to outside services: about 23 minutes of outage are waited out, at most five between two attempts. */
export const CALL_RETRY: RetryPolicy = { attempts: 12, firstDelaySeconds: 2, maxDelaySeconds: 300 }
/** Of database work: a deadlock or a failover is over in seconds, and whoever reported the event waits. */
export const STORE_RETRY: RetryPolicy = { attempts: 4 }
/** Of an undo: what was done must not stay half done because of a long outage. */
export const UNDO_RETRY: RetryPolicy = { attempts: 20, maxDelaySeconds: 300 }
/** Of a question that something stands in for (rules, a template, no answer at all): people do not wait for more. */
export const BRIEF_RETRY: RetryPolicy = { attempts: 2, firstDelaySeconds: 2 }
/** Of notifying one of the staff. So few: while it goes on, the next person and the run's answer wait. */
export const STAFF_RETRY: RetryPolicy = { attempts: 3, firstDelaySeconds: 5 }
