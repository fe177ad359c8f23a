/** A worker: claims runs, runs their flows, keeps its heartbeat, takes over from the dead, hands back when it leaves. */
import { DBOS } from '@dbos-inc/dbos-sdk'
import { currentOwnerXid } from '@dbos-inc/dbos-sdk/internal/context'
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor'
import type { WorkflowQueue } from '@dbos-inc/dbos-sdk/internal/wfqueue'
import type { Database } from '../../db/pool.ts'
import type { Logger } from '../../observability/logger.ts'
import type { Engine } from '../engine.ts'
import { type AnyFlow, type FlowDefinition, QUEUES } from '../flow.ts'
import { pause } from '../pause.ts'
import { Dispatcher } from './dispatcher.ts'
import { type Executing, execute, type WorkerObserver } from './execution.ts'
import { Heartbeat, type WorkerIdentity } from './heartbeat.ts'
import { APPLICATION, FLOW_VERSION, MAX_RECOVERIES, WAKE_CHANNEL } from './identity.ts'
import { batchOutcomes } from './outcome-batches.ts'
import { RunLoader } from './run-loader.ts'
import { RunLogWriter } from './run-logs.ts'
import { WakeUps } from './wake-ups.ts'

export interface WorkerOptions<Deps> {
  database: Database
  databaseUrl: string
  engine: Engine
  // biome-ignore lint/suspicious/noExplicitAny: flows of many shapes, which all make do with `Deps`
  flows: readonly FlowDefinition<Deps, any, any>[]
  deps: Deps
  identity: WorkerIdentity
  observer: WorkerObserver
  logger: Logger
}

export interface Worker {
  /** New runs in this queue, known in this process. */
  kick(queue: string): void
  running(): number
  /** Takes no more work, waits up to `graceMs` for tasks in progress, hands the rest back to the others. */
  drain(graceMs: number): Promise<void>
}

/** Only one worker can live in a process: the engine underneath is one per process. */
export async function startWorker<Deps>(options: WorkerOptions<Deps>): Promise<Worker> {
  const { database, identity, logger } = options
  const running = new Map<string, Set<Executing>>()
  const loader = new RunLoader(database)
  const logs = new RunLogWriter(database, logger)
  const ports = { ...options, running, loader, logs, freed: (queue: string) => dispatcher?.freed(queue) }
  let dispatcher: Dispatcher | undefined

  for (const flow of options.flows) {
    DBOS.registerWorkflow((parameters: unknown) => executeHere(flow, parameters), {
      name: flow.name,
      maxRecoveryAttempts: MAX_RECOVERIES,
    })
  }
  const executeHere = (flow: AnyFlow, parameters: unknown): Promise<unknown> => {
    const runId = DBOS.workflowID as string
    return execute({ flow, parameters, runId, owner: currentOwnerXid(runId) as string }, ports)
  }
  const heartbeat = new Heartbeat(database, identity, heartbeatHooks(), logger)
  await heartbeat.start()
  const queues = await launch(options)
  const executor = DBOSExecutor.globalInstance as DBOSExecutor
  dispatcher = new Dispatcher(executor, queues)
  const wakeUps = new WakeUps(options.databaseUrl, logger, wake)
  dispatcher.kick('*')

  function wake(topic: string): void {
    const [kind, name = ''] = topic.split(/:(.*)/s)
    if (kind === 'queue') dispatcher?.kick(name)
    for (const { wake: wakers } of running.get(name) ?? []) for (const tell of wakers) tell()
    if (kind === 'run' && running.has(name)) void heartbeat.look()
  }

  function heartbeatHooks() {
    const all = () => [...running.values()].flatMap((executions) => [...executions])
    return {
      running: () => [...running.keys()],
      cancelRequested: (runIds: string[]) => {
        for (const id of runIds) for (const { control } of running.get(id) ?? []) control.cancel()
      },
      standDown: () => {
        for (const { control } of all()) control.lose()
      },
      standUp: async () => void (await recover([identity.id])),
      recover,
    }
  }

  async function recover(workerIds: string[]): Promise<number> {
    const executor = DBOSExecutor.globalInstance
    if (!executor) return 0
    const recovered = await executor.recoverPendingWorkflows(workerIds)
    options.observer.recovered(recovered.length)
    wake('queue:*')
    return recovered.length
  }

  async function drain(graceMs: number): Promise<void> {
    dispatcher?.stop()
    await wakeUps.close()
    await executor.deactivateEventReceivers()
    const end = performance.now() + graceMs
    const isWorking = () =>
      [...running.values()].some((set) => [...set].some(({ control }) => control.working > 0))
    while (isWorking() && performance.now() < end) await pause(20)
    await handBack(database, identity.id).catch((error: unknown) => {
      logger.error(
        { err: error },
        'could not hand runs back: the others take them when the heartbeat is missed',
      )
    })
    for (const executions of running.values()) for (const { control } of executions) control.lose()
    await heartbeat.stop()
    await logs.flush()
    await DBOS.shutdown()
  }

  return { kick: (queue) => dispatcher?.kick(queue), running: () => running.size, drain }
}

async function launch<Deps>(options: WorkerOptions<Deps>): Promise<ReadonlyMap<string, WorkflowQueue>> {
  const { database, identity } = options
  DBOS.setConfig({
    name: APPLICATION,
    systemDatabaseUrl: options.databaseUrl,
    systemDatabasePool: database.pool,
    systemDatabaseSchemaName: 'dbos',
    applicationVersion: FLOW_VERSION,
    executorID: identity.id,
    useListenNotify: false,
    runMigrations: false,
    maxConcurrentQueueDispatches: 2,
    schedulerPollingIntervalMs: 3_600_000,
    logger: quieter(options.logger),
  })
  await DBOS.launch()
  batchOutcomes(DBOSExecutor.globalInstance as DBOSExecutor, database)
  const queues = new Map<string, WorkflowQueue>()
  for (const [name, { workerConcurrency }] of Object.entries(QUEUES)) {
    queues.set(name, await DBOS.registerQueue(name, { workerConcurrency, onConflict: 'always_update' }))
  }
  return queues
}

/**
 * Back to the queue, for anyone. Leaving is not dying: the claim is not counted, so that a run that waits through
 * many restarts is not parked as if it had killed its workers. It stays counted as begun.
 */
async function handBack(database: Database, workerId: string): Promise<void> {
  await database.query(
    `with back as (
       update dbos.workflow_status
       set status = 'ENQUEUED', owner_xid = null, started_at_epoch_ms = null,
           queue_name = coalesce(queue_name, 'default'), recovery_attempts = greatest(recovery_attempts - 1, 1),
           updated_at = (extract(epoch from now()) * 1000)::bigint
       where status = 'PENDING' and executor_id = $1 and application_name = $2 returning 1)
     select pg_notify($3, 'queue:*') from (select 1 from back limit 1) any_run`,
    [workerId, APPLICATION, WAKE_CHANNEL],
  )
}

/** The engine's own chatter belongs to debugging; a failed flow is told by us, with its ids. */
function quieter(logger: Logger) {
  const engine = logger.child({ part: 'dbos' })
  const text = (entry: unknown) => (entry instanceof Error ? entry.message : String(entry))
  return {
    info: (entry: unknown) => engine.debug(text(entry)),
    debug: (entry: unknown) => engine.trace(text(entry)),
    warn: (entry: unknown) => engine.warn(text(entry)),
    error: (entry: unknown) => engine.debug(text(entry)),
  }
}
