/** How this service appears in the engine's tables. */

export { APPLICATION, NEVER_MS } from '../../runs/application.ts'

/**
 * The version of the *recorded paths*, not of the build: runs started by one build must finish on the next, so it
 * changes only when old runs can no longer be replayed, and then old and new workers run side by side.
 */
export const FLOW_VERSION = '1'

/** A run is started and recovered this often: one that took four workers down is parked as crashed. */
export const MAX_RECOVERIES = 3

/** Now, as the engine keeps times: epoch milliseconds on the database's clock. A piece of SQL. */
export const NOW_MS = '(extract(epoch from now()) * 1000)::bigint'

/** LISTEN channel: `queue:<name>` new runs, `run:<id>` a cancel or a signal for it. */
export const WAKE_CHANNEL = 'prefect_wake'
