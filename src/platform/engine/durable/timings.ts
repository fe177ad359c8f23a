import { DEAD_AFTER_SECONDS } from '../../runs/health.ts'

/** How long a worker waits for what, in milliseconds. */
export interface Timings {
  /** A worker writes its heartbeat this often. */
  heartbeatMs: number
  /** Every worker looks for dead ones this often. */
  sweepMs: number
  /** A worker that could not write its heartbeat for so long lets go of its runs: sooner than the others take them. */
  fenceAfterMs: number
  /** A heartbeat older than this: dead. The same for all workers of a database, and for what health calls alive. */
  deadAfterMs: number
  /** A run that has only waited for so long is suspended; a shorter wait is not worth a claim and a replay. */
  suspendAfterMs: number
  /** Runs that fall due, and runs that nobody was woken for, are found this often. */
  lookMs: number
  /** A wait for a signal looks by itself this often, should its wake-up be lost. */
  signalRecheckMs: number
  /** A suspended run looks by itself this often for the end of a child that nobody was notified of. */
  childRecheckMs: number
}

export const TIMINGS: Timings = {
  heartbeatMs: 1_000,
  sweepMs: 1_500,
  fenceAfterMs: 4_000,
  deadAfterMs: DEAD_AFTER_SECONDS * 1000,
  suspendAfterMs: 2_000,
  lookMs: 1_000,
  signalRecheckMs: 5_000,
  childRecheckMs: 300_000,
}
