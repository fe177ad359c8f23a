/** How this service appears in the engine's tables. */

export { APPLICATION, NEVER_MS } from '../../runs/application.ts'

/**
 * The version of the *recorded paths*, not of the build: runs started by one build must finish on the next, so it
 * changes only when old runs can no longer be replayed, and then old and new workers run side by side.
 */
export const FLOW_VERSION = '1'

/** A run that has taken so many workers down without getting on is abandoned: it is shown as crashed. */
export const MOST_DEATHS = 4

/**
 * A piece of SQL for whatever puts a run back: the engine's own count of claims means nothing to us, but a worker of the
 * build before this one would abandon the run by it.
 */
export const COUNT_RESET = 'recovery_attempts = 1'

/** Now, as the engine keeps times: epoch milliseconds on the database's clock. A piece of SQL. */
export const NOW_MS = '(extract(epoch from now()) * 1000)::bigint'

/** LISTEN channel: `queue:<name>` new runs, `run:<id>` a signal for it, `cancel:<id>` a cancel. */
export const WAKE_CHANNEL = 'prefect_wake'
