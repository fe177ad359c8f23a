/**
 * Starts the vendor's engine (DBOS) in this process, through its published interface. What goes beyond that interface is
 * one file each beside this one, with a test of its behaviour: decision note 0013.
 */
import { DBOS } from '@dbos-inc/dbos-sdk'
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor'
import type { Logger } from '../../../observability/logger.ts'
import type { Database } from '../../../postgres/pool.ts'
import { APPLICATION, FLOW_VERSION } from '../identity.ts'
import { type Claim, createClaim } from './claim.ts'
import { leaveDelaysToUs } from './delays.ts'
import { leaveOutcomesToUs } from './outcomes.ts'
import { ownerOf } from './ownership.ts'
import { vendorLog } from './vendor-log.ts'

/** Does what a claimed run has to do, and records its outcome. `owner`: the ownership token of the claim. */
export type RunClaimed = (claimed: { runId: string; owner: string; parameters: unknown }) => Promise<void>

export interface VendorOptions {
  database: Database
  databaseUrl: string
  workerId: string
  queues: Readonly<Record<string, { workerConcurrency: number }>>
  /** By the name of the flow. */
  runs: ReadonlyMap<string, RunClaimed>
  logger: Logger
}

export interface Vendor {
  claim: Claim
  shutdown(): Promise<void>
}

/** Only one can live in a process. */
export async function launchVendor(options: VendorOptions): Promise<Vendor> {
  for (const [name, run] of options.runs) {
    const registered = (parameters: unknown) => {
      const runId = DBOS.workflowID as string
      return run({ runId, owner: ownerOf(runId), parameters })
    }
    // Which run has taken too many workers down is ours to say: see hand-over.ts.
    DBOS.registerWorkflow(registered, { name, maxRecoveryAttempts: Number.MAX_SAFE_INTEGER })
  }
  DBOS.setConfig({
    name: APPLICATION,
    systemDatabaseUrl: options.databaseUrl,
    systemDatabasePool: options.database.pool,
    systemDatabaseSchemaName: 'dbos',
    applicationVersion: FLOW_VERSION,
    executorID: options.workerId,
    useListenNotify: false,
    runMigrations: false,
    // Our queues are polled by our dispatcher alone; its own loop keeps to what its tools put into its internal queue.
    listenQueues: [],
    schedulerPollingIntervalMs: 3_600_000,
    logger: vendorLog(options.logger),
  })
  await DBOS.launch()
  const executor = DBOSExecutor.globalInstance as DBOSExecutor
  leaveOutcomesToUs(executor)
  leaveDelaysToUs(executor)
  // Known to its tools; the limits that hold are the dispatcher's.
  for (const [name, { workerConcurrency }] of Object.entries(options.queues)) {
    await DBOS.registerQueue(name, { workerConcurrency, onConflict: 'always_update' })
  }
  return { claim: createClaim(executor), shutdown: () => DBOS.shutdown() }
}
