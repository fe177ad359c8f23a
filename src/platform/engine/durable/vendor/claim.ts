/**
 * Called: `SystemDatabase.findAndMarkStartableWorkflows`, `DBOSExecutor.dispatchDequeuedWorkflows`: the two halves of the
 * vendor's own poll of a queue. Nothing is replaced.
 *
 * Why: its loop polls once a second and cannot be asked to poll now, and it counts every run in hand, while one that waits
 * leaves its slot to others. Its claim is kept as it is: by priority and age, of this application and version, skipping
 * what another worker is claiming, in one transaction that writes the ownership token which every record is fenced by.
 *
 * No public call: `DBOS.retrieveQueue` and `setMinPollingIntervalMs` change a queue's settings, nothing polls.
 */
import { randomUUID } from 'node:crypto'
import type { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor'
import type { WorkflowQueue } from '@dbos-inc/dbos-sdk/internal/wfqueue'
import { FLOW_VERSION } from '../identity.ts'

/** Claims at most so many runs of the queue. Returns how many it were; by then the code of each has begun. */
export type Claim = (queue: string, most: number) => Promise<number>

export function createClaim(executor: DBOSExecutor): Claim {
  return async (name, most) => {
    const owner = randomUUID()
    const queue = { name, workerConcurrency: most } as WorkflowQueue
    const ids = await executor.systemDatabase.findAndMarkStartableWorkflows(
      queue,
      executor.executorID,
      FLOW_VERSION,
      undefined,
      0,
      0,
      owner,
    )
    if (ids.length > 0) await executor.dispatchDequeuedWorkflows(ids, owner)
    return ids.length
  }
}
