/** A worker: claims runs, runs their flows, keeps its heartbeat, takes over from the dead, hands back when it leaves. */
import type { Logger } from '../../observability/logger.ts'
import type { Database } from '../../postgres/pool.ts'
import type { Engine } from '../engine.ts'
import { type FlowFor, MOST_IN_HAND, QUEUES, type QueueName } from '../flow.ts'
import { pause } from '../pause.ts'
import { Dispatcher } from './dispatcher.ts'
import { queuesWithRuns } from './due-runs.ts'
import { type ExecutionPorts, execute, type WorkerObserver } from './execution.ts'
import { Executions } from './executions.ts'
import { giveBackUnbegun, type HandedOver, handBack, recoverRuns } from './hand-over.ts'
import { Heartbeat, type WorkerIdentity } from './heartbeat.ts'
import { createOutcomes } from './outcomes.ts'
import { RunLoader } from './run-loader.ts'
import { RunLogWriter } from './run-logs.ts'
import { resumeParentOf, Suspensions } from './suspension.ts'
import { TIMINGS, type Timings } from './timings.ts'
import { launchVendor, type RunClaimed, type Vendor } from './vendor/launch.ts'
import { WakeUps } from './wake-ups.ts'

export interface WorkerOptions<Deps> {
  database: Database
  /** A few connections that no task can take: the heartbeat's. */
  control: Database
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
  /** New runs in this queue, known in this process; `*`: in any. */
  pollNow(queue: string): void
  running(): number
  /** Takes no more work, waits up to `graceMs` for tasks in progress, hands the rest back to the others. */
  drain(graceMs: number): Promise<void>
}

/** Resolves when it takes work. Only one worker can live in a process: the engine underneath is one per process. */
export async function startWorker<Deps>(options: WorkerOptions<Deps>): Promise<Worker> {
  const { database, logger } = options
  const timings = { ...TIMINGS, ...options.timings }
  const executions = new Executions()
  const logs = new RunLogWriter(database, logger)
  let dispatcher: Dispatcher | undefined
  const pollNow = (queue: string) => dispatcher?.pollNow(queue)
  const slotFree = (queue: string) => dispatcher?.slotFree(queue)
  const heartbeat = openHeartbeat(options, timings, executions, pollNow)
  await heartbeat.start()

  const ports: ExecutionPorts = {
    ...{ ...options, timings, executions, logs, slotFree },
    loader: new RunLoader(database),
    outcomes: createOutcomes(database),
    ended: notifyEnds(options, executions, pollNow),
  }
  const vendor = await launch(options, ports)
  dispatcher = new Dispatcher({
    ...{ queues: Object.keys(QUEUES), lookMs: timings.lookMs, claim: vendor.claim, logger },
    slots: (queue) =>
      heartbeat.fenced ? 0 : executions.slots(queue, QUEUES[queue as QueueName], MOST_IN_HAND),
    look: (queues) => queuesWithRuns(database, queues),
  })
  const suspensions = new Suspensions(database, executions, pollNow, timings, logger)
  const wakeUps = new WakeUps(options.databaseUrl, logger, (topic) => {
    const [kind, name = ''] = topic.split(/:(.*)/s)
    if (kind === 'queue') pollNow(name)
    if (kind === 'cancel') executions.cancel(name)
    if (kind === 'run') executions.wake(name)
  })

  const leaving = { dispatcher, wakeUps, suspensions, heartbeat, vendor, executions, logs }
  return {
    pollNow,
    running: () => executions.size,
    drain: (graceMs) => drain(options, leaving, graceMs),
  }
}

function openHeartbeat(
  {
    control,
    identity,
    observer,
    logger,
  }: Pick<WorkerOptions<unknown>, 'control' | 'identity' | 'observer' | 'logger'>,
  timings: Timings,
  executions: Executions,
  pollNow: (queue: string) => void,
): Heartbeat {
  const recover = async (workerIds: readonly string[], died = true): Promise<HandedOver> => {
    const runs = await recoverRuns(control, workerIds, died)
    observer.recovered(runs.queued)
    // A parent that waits in this process or another hears of it as of any end.
    for (const runId of runs.abandoned) await resumeParentOf(control, runId)
    pollNow('*')
    return runs
  }
  const hooks = {
    running: () => executions.ids(),
    cancelRequested(runIds: string[]) {
      for (const id of runIds) executions.cancel(id)
    },
    fence: () => executions.loseAll(),
    resume: async (starved: boolean) => void (await recover([identity.id], starved)),
    recover: (workerIds: string[]) => recover(workerIds),
    giveBackUnbegun: async () => {
      const runs = await giveBackUnbegun(control, identity.id, executions.ids())
      if (runs > 0) logger.warn({ runs }, 'queued runs again that were claimed and never begun')
    },
  }
  return new Heartbeat(control, identity, hooks, timings, logger)
}

function launch<Deps>(options: WorkerOptions<Deps>, ports: ExecutionPorts): Promise<Vendor> {
  const { database, databaseUrl, identity, logger } = options
  const runs = new Map<string, RunClaimed>(
    options.flows.map((flow) => [flow.name, (claimed) => execute({ ...claimed, flow }, ports)]),
  )
  return launchVendor({ database, databaseUrl, workerId: identity.id, queues: QUEUES, runs, logger })
}

/** A run has ended: whoever waits for it here is notified, and a parent that was suspended is resumed. */
function notifyEnds(
  { database, logger }: Pick<WorkerOptions<unknown>, 'database' | 'logger'>,
  executions: Executions,
  pollNow: (queue: string) => void,
) {
  return (runId: string) => {
    if (!executions.ended(runId)) return
    resumeParentOf(database, runId)
      .then((queue) => queue !== undefined && pollNow(queue))
      // It looks by itself, a few minutes later.
      .catch((error: unknown) => logger.debug({ err: error }, 'a suspended parent was not resumed'))
  }
}

interface Leaving {
  dispatcher: Dispatcher
  wakeUps: WakeUps
  suspensions: Suspensions
  heartbeat: Heartbeat
  vendor: Vendor
  executions: Executions
  logs: RunLogWriter
}

async function drain(
  { database, identity, logger }: Pick<WorkerOptions<unknown>, 'database' | 'identity' | 'logger'>,
  { dispatcher, wakeUps, suspensions, heartbeat, vendor, executions, logs }: Leaving,
  graceMs: number,
): Promise<void> {
  await dispatcher.stop()
  await wakeUps.close()
  await suspensions.stop()
  const end = performance.now() + graceMs
  while (executions.isWorking() && performance.now() < end) await pause(20)
  executions.loseAll()
  await vendor.shutdown()
  await handBack(database, identity.id).catch((error: unknown) => {
    logger.error(
      { err: error },
      'could not hand runs back: the others take them when they miss the heartbeat',
    )
  })
  await heartbeat.stop()
  await logs.flush()
}
