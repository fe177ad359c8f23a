/**
 * Replaced: `SystemDatabase.transitionDelayedWorkflows`, which the vendor's loop calls every second.
 *
 * Why: it compares the time a run waits for with the clock of its own process, so that one machine whose clock is wrong
 * starts everybody's runs early. due-runs.ts does the same on the database's clock, and does not stop for an hour when
 * the machine's clock is set back. Kept: what is DELAYED and due, of this application, becomes ENQUEUED.
 *
 * No public call: the interval and the clock are constants.
 */
import type { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor'

export function leaveDelaysToUs({ systemDatabase }: DBOSExecutor): void {
  systemDatabase.transitionDelayedWorkflows = async () => {}
}
