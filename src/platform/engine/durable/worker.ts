/** A worker: claims runs, runs their flows, keeps its heartbeat, takes over from the dead, hands back when it leaves. */
import { DBOS } from '@dbos-inc/dbos-sdk'
import { currentOwnerXid } from '@dbos-inc/dbos-sdk/internal/context'
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor'
import type { WorkflowQueue } from '@dbos-inc/dbos-sdk/internal/wfqueue'
import type { Logger } from '../../observability/logger.ts'
import type { Database } from '../../postgres/pool.ts'
import type { Engine } from '../engine.ts'
import { type AnyFlow, type FlowFor, MOST_IN_HAND, QUEUES } from '../flow.ts'
import { pause } from '../pause.ts'
import { Dispatcher } from './dispatcher.ts'
import { type ExecutionPorts, execute, type WorkerObserver } from './execution.ts'
import { Executions } from './executions.ts'
import { forgive, handBack } from './hand-over.ts'
import { Heartbeat, type WorkerIdentity } from './heartbeat.ts'
import { APPLICATION, FLOW_VERSION, MAX_RECOVERIES } from './identity.ts'
import { batchOutcomes } from './outcome-batches.ts'
import { Parking, wakeParentOf } from './parking.ts'
import { RunLoader } from './run-loader.ts'
import { RunLogWriter } from './run-logs.ts'
import { TIMINGS, type Timings } from './timings.ts'
import { WakeUps } from './wake-ups.ts'

export interface WorkerOptions<Deps> {
  database: Database
  /** A few connections that no task can take: the heartbeat's. */
  pulse: Database
  databaseUrl: string
  engine: Engine
  flows: readonly FlowFor<Deps>[]
  deps: Deps
  /** What `flow.now()` reads: an accelerated hotel has a clock of its own. Default: this machine's. */
  now?: (() => Date) | undefined
  identity: WorkerIdentity
  observer: WorkerObserver
  /** Default: TIMINGS. */
  timings?: Partial<Timings> | undefined
  logger: Logger
}

export interface Worker {
  /** New runs in this queue, known in this process. */
  kick(queue: string): void
  running(): number
  /** Takes no more work, waits up to `graceMs` for tasks in progress, hands the rest back to the others. */
  drain(graceMs: number): Promise<void>
}

/** Resolves when it takes work. Only one worker can live in a process: the engine underneath is one per process. */
export async function startWorker<Deps>(options: WorkerOptions<Deps>): Promise<Worker> {
  const { database, identity, logger } = options
  const timings = { ...TIMINGS, ...options.timings }
  const executions = new Executions()
  const logs = new RunLogWriter(database, logger)
  let dispatcher: Dispatcher | undefined
  const freed = (queue: string) => dispatcher?.freed(queue)
  register(options.flows, { ...options, timings, executions, loader: new RunLoader(database), logs, freed })

  const heartbeat = new Heartbeat(
    options.pulse,
    identity,
    {
      running: () => executions.ids(),
      cancelRequested: (runIds) => {
        for (const id of runIds) executions.cancel(id)
      },
      standDown: () => executions.loseAll(),
      standUp: async (innocent) => void (await recover([identity.id], { innocent })),
      recover,
    },
    timings,
    logger,
  )
  await heartbeat.start()
  const kick = (queue: string) => dispatcher?.kick(queue)
  const queues = await launch(options, executions, tellOfEnds(options, executions, kick))
  const executor = DBOSExecutor.globalInstance as DBOSExecutor
  dispatcher = new Dispatcher(executor, queues)
  const parking = new Parking(database, executions, kick, timings, logger)
  const wakeUps = new WakeUps(options.databaseUrl, logger, wake)
  dispatcher.kick('*')

  function wake(topic: string): void {
    const [kind, name = ''] = topic.split(/:(.*)/s)
    if (kind === 'queue') dispatcher?.kick(name)
    executions.wake(name)
    if (kind === 'run' && executions.has(name)) void heartbeat.look()
  }

  async function recover(workerIds: string[], { innocent = false } = {}): Promise<number> {
    await forgive(options.pulse, workerIds, innocent)
    const runs = (await DBOSExecutor.globalInstance?.recoverPendingWorkflows(workerIds)) ?? []
    options.observer.recovered(runs.length)
    wake('queue:*')
    return runs.length
  }

  async function drain(graceMs: number): Promise<void> {
    dispatcher?.stop()
    await wakeUps.close()
    await executor.deactivateEventReceivers()
    await parking.stop()
    const end = performance.now() + graceMs
    while (executions.isWorking() && performance.now() < end) await pause(20)
    await handBack(database, identity.id).catch((error: unknown) => {
      logger.error(
        { err: error },
        'could not hand runs back: the others take them when they miss the heartbeat',
      )
    })
    executions.loseAll()
    await heartbeat.stop()
    await logs.flush()
    await DBOS.shutdown()
  }

  return { kick, running: () => executions.size, drain }
}

/** A run has ended: whoever waits for it here is told, and a parent that was put down is taken up. */
function tellOfEnds(
  { database, logger }: Pick<WorkerOptions<unknown>, 'database' | 'logger'>,
  executions: Executions,
  kick: (queue: string) => void,
) {
  return (runId: string) => {
    if (!executions.ended(runId)) return
    wakeParentOf(database, runId)
      .then((queue) => queue !== undefined && kick(queue))
      // It looks by itself, a few minutes later.
      .catch((error: unknown) => logger.debug({ err: error }, 'a parent that may be parked was not told'))
  }
}

function register(flows: readonly AnyFlow[], ports: ExecutionPorts): void {
  for (const flow of flows) {
    const run = (parameters: unknown) => {
      const runId = DBOS.workflowID as string
      return execute({ flow, parameters, runId, owner: currentOwnerXid(runId) as string }, ports)
    }
    DBOS.registerWorkflow(run, { name: flow.name, maxRecoveryAttempts: MAX_RECOVERIES })
  }
}

async function launch<Deps>(
  options: WorkerOptions<Deps>,
  executions: Executions,
  ended: (runId: string) => void,
): Promise<ReadonlyMap<string, WorkflowQueue>> {
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
  const executor = DBOSExecutor.globalInstance as DBOSExecutor
  batchOutcomes(executor, database, ended)
  leavePlaces(executor, executions)
  forgetTheLost(executor)
  const queues = new Map<string, WorkflowQueue>()
  for (const [name, { workerConcurrency }] of Object.entries(QUEUES)) {
    queues.set(name, await DBOS.registerQueue(name, { workerConcurrency, onConflict: 'always_update' }))
  }
  return queues
}

/**
 * A run that waits, or is out for an answer of another service, leaves its place in the queue to others: one slow
 * service must not hold up what does not need it. Only so many are in hand, whatever they do.
 */
function leavePlaces({ systemDatabase }: DBOSExecutor, executions: Executions): void {
  const count = systemDatabase.countRunningWorkflowsForQueue.bind(systemDatabase)
  systemDatabase.countRunningWorkflowsForQueue = (queue) => {
    const inHand = count(queue)
    return inHand >= MOST_IN_HAND ? inHand : inHand - executions.away(queue)
  }
}

/** Whoever lost a run, or put it down, is not interested in its outcome: by itself the engine would poll for it. */
function forgetTheLost({ systemDatabase }: DBOSExecutor): void {
  systemDatabase.awaitWorkflowResult = () => new Promise(() => {})
}

/**
 * The engine's own chatter belongs to debugging, without what it quotes behind a colon. Its errors are the messages
 * of failed flows, which may be private: we tell of those, with their ids.
 */
function quieter(logger: Logger) {
  const engine = logger.child({ part: 'dbos' })
  const text = (entry: unknown) => (entry instanceof Error ? entry.message : String(entry))
  const brief = (entry: unknown) => text(entry).split(': ', 1)[0]
  return {
    info: (entry: unknown) => engine.debug(brief(entry)),
    debug: (entry: unknown) => engine.trace(brief(entry)),
    // That a run is not ours any more is the usual thing after a park, and told by us where it is not.
    // A full disk is told once a minute for everyone (`postgres/disk-space.ts`).
    warn: (entry: unknown) =>
      (/no longer owned|No space left on device/.test(text(entry)) ? engine.trace : engine.warn).call(
        engine,
        text(entry),
      ),
    error: () => engine.debug('an error'),
  }
}
