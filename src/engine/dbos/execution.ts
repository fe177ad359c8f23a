/** One execution of one run, from claim to outcome. */
import { DBOSWorkflowConflictError } from '@dbos-inc/dbos-sdk/datasource'
import type { Database } from '../../db/pool.ts'
import type { Logger } from '../../observability/logger.ts'
import type { Engine } from '../engine.ts'
import { describeError, FlowCancelled, failedSteps } from '../errors.ts'
import { type AnyFlow, queueOf } from '../flow.ts'
import { OwnershipLost } from '../journal.ts'
import { pauseUntilWoken } from '../pause.ts'
import { RunControl } from '../run-control.ts'
import type { RunObserver } from '../run-scope.ts'
import { runFlow } from '../words.ts'
import { openJournal } from './durable-journal.ts'
import { endCancelled } from './end-cancelled.ts'
import type { Executing, Executions } from './executions.ts'
import { patiently } from './patience.ts'
import type { RunLoader } from './run-loader.ts'
import type { RunLogWriter } from './run-logs.ts'

export interface WorkerObserver extends RunObserver {
  /** The first time only. `waited` in seconds since it could have started. */
  runStarted(flow: string, waited: number, scheduled: boolean): void
  runEnded(flow: string, status: 'completed' | 'failed' | 'cancelled', seconds: number): void
  recovered(runs: number): void
}

export interface Claimed {
  flow: AnyFlow
  parameters: unknown
  runId: string
  owner: string
}

export interface ExecutionPorts {
  database: Database
  engine: Engine
  deps: unknown
  observer: WorkerObserver
  logger: Logger
  executions: Executions
  loader: RunLoader
  logs: RunLogWriter
  freed(queue: string): void
}

/** A run's failure as the engine stores it: name, message, code and data reach the API. */
class RunFailed extends Error {
  override readonly name = 'RunFailed'
  readonly code: string
  readonly data: { task_name: string | null; steps: readonly number[] }
  constructor(error: unknown) {
    const { code, message, task_name } = describeError(error)
    super(message, { cause: error })
    this.code = code
    this.data = { task_name: task_name ?? null, steps: failedSteps(error) }
  }
}

/** Resolves with the flow's result, rejects with RunFailed, or rejects as lost: then another execution decides. */
export async function execute(claimed: Claimed, ports: ExecutionPorts): Promise<unknown> {
  const { runId, flow } = claimed
  const control = new RunControl()
  const executing: Executing = { control, queue: queueOf(flow), wake: new Set() }
  ports.executions.add(runId, executing)
  const startedAt = performance.now()
  const lost = control.whenLost().then(() => {
    throw new DBOSWorkflowConflictError(runId)
  })
  try {
    return await Promise.race([lost, perform(claimed, executing, ports, startedAt)])
  } finally {
    ports.executions.remove(runId, executing)
    setImmediate(() => ports.freed(executing.queue))
  }
}

async function perform(claimed: Claimed, executing: Executing, ports: ExecutionPorts, startedAt: number) {
  const { flow, runId, owner, parameters } = claimed
  const { control } = executing
  const seconds = () => (performance.now() - startedAt) / 1000
  let eventId: string | undefined
  try {
    const memory = await patiently(control, () => ports.loader.load(runId))
    eventId = memory.eventId
    if (memory.cancelRequested) control.cancel()
    if (memory.steps.size === 0) ports.observer.runStarted(flow.name, memory.waited, memory.scheduled)
    const journal = openJournal(
      { id: runId, owner, memory, control },
      {
        database: ports.database,
        engine: ports.engine,
        log: (id, line) => ports.logs.write(id, line),
        woken: (withinMs, stop) => pauseUntilWoken(executing.wake, withinMs, stop),
      },
    )
    const { generation } = memory
    const scope = { runId, flowName: flow.name, eventId, generation, deps: ports.deps, journal, control }
    const result = await runFlow(flow, parameters, { ...scope, observer: ports.observer })
    ports.observer.runEnded(flow.name, 'completed', seconds())
    return result ?? null
  } catch (error) {
    if (error instanceof OwnershipLost || control.lost) throw new DBOSWorkflowConflictError(runId)
    if (error instanceof FlowCancelled) {
      // The engine then finds the outcome recorded, and leaves it.
      await patiently(control, () => endCancelled(ports.database, runId, owner))
      ports.observer.runEnded(flow.name, 'cancelled', seconds())
      throw new DBOSWorkflowConflictError(runId)
    }
    const failure = new RunFailed(error)
    ports.observer.runEnded(flow.name, 'failed', seconds())
    const { code, data } = failure
    ports.logger.warn(
      { run_id: runId, event_id: eventId, flow: flow.name, code, task: data.task_name },
      'run failed',
    )
    throw failure
  }
}
