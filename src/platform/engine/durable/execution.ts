/** One execution of one run, from claim to outcome. */
import { DBOSWorkflowConflictError } from '@dbos-inc/dbos-sdk/datasource'
import type { Logger } from '../../observability/logger.ts'
import { inSpan } from '../../observability/spans.ts'
import type { Database } from '../../postgres/pool.ts'
import type { Engine } from '../engine.ts'
import { describeError, FlowCancelled, failedSteps } from '../errors.ts'
import { type AnyFlow, queueOf } from '../flow.ts'
import { OwnershipLost } from '../journal.ts'
import { pauseUntilWoken } from '../pause.ts'
import { RunControl } from '../run-control.ts'
import type { RunObserver } from '../run-scope.ts'
import { runFlow } from '../words.ts'
import type { RunMemory } from './checkpoints.ts'
import { openJournal } from './durable-journal.ts'
import { endCancelled } from './end-cancelled.ts'
import type { Executing, Executions } from './executions.ts'
import { patiently } from './patience.ts'
import type { RunLoader } from './run-loader.ts'
import type { RunLogWriter } from './run-logs.ts'
import type { Timings } from './timings.ts'

export interface WorkerObserver extends RunObserver {
  /** The first time only. `waited` in seconds since it could have started. */
  runStarted(flow: string, waited: number, scheduled: boolean): void
  runEnded(flow: string, status: 'completed' | 'failed' | 'cancelled', seconds: number, run: RunEnd): void
  recovered(runs: number): void
}

/** More about a run that ended here. */
export interface RunEnd {
  runId: string
  /** Seconds until its first start; undefined: it had begun before. */
  waited?: number
  /** What its flow threw, as it is and as it is shown. */
  failure?: { error: unknown; code: string; task: string | null }
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
  /** What `flow.now()` reads. Default: this machine's clock. */
  now?: (() => Date) | undefined
  observer: WorkerObserver
  logger: Logger
  executions: Executions
  loader: RunLoader
  logs: RunLogWriter
  timings: Timings
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
  const executing: Executing = { runId, owner: claimed.owner, control, queue: queueOf(flow), wake: new Set() }
  ports.executions.add(runId, executing)
  control.onPlaceFree = () => ports.freed(executing.queue)
  const lost = control.whenLost().then(() => {
    throw new DBOSWorkflowConflictError(runId)
  })
  try {
    return await Promise.race([lost, perform(claimed, executing, ports)])
  } finally {
    ports.executions.remove(runId, executing)
    setImmediate(() => ports.freed(executing.queue))
  }
}

/** At the latest after `withinMs`: a run that ends in another process is found by looking. */
async function untilEnded(executions: Executions, runId: string, withinMs: number, stop: AbortSignal) {
  const woken = new Set<() => void>()
  const leave = executions.onEnd(runId, () => {
    for (const wake of woken) wake()
  })
  await pauseUntilWoken(woken, withinMs, stop)
  leave()
}

/** In the trace of whoever started the run. A lost run's span ends with its loss: its code never does. */
function traced<T>({ flow, runId }: Claimed, memory: RunMemory, control: RunControl, act: () => Promise<T>) {
  const { traceparent, eventId, resumed } = memory
  const attributes = {
    'prefect.run_id': runId,
    'prefect.resumed': resumed,
    ...(eventId === undefined ? {} : { 'prefect.event_id': eventId }),
  }
  return inSpan({ name: flow.name, attributes, within: { traceparent } }, act, () => control.whenLost())
}

async function perform(claimed: Claimed, executing: Executing, ports: ExecutionPorts) {
  const { flow, runId, owner, parameters } = claimed
  const { control } = executing
  // A run that was put down and taken up again began with its first step.
  let begunAt = Date.now()
  const seconds = () => (Date.now() - begunAt) / 1000
  let eventId: string | undefined
  const run: RunEnd = { runId }
  try {
    const memory = await patiently(control, () => ports.loader.load(runId))
    eventId = memory.eventId
    if (memory.cancelRequested) control.cancel()
    if (memory.parentRunId !== undefined) ports.executions.isChild(runId)
    for (const { startedAt } of memory.steps.values()) begunAt = Math.min(begunAt, startedAt)
    if (memory.steps.size === 0) {
      run.waited = memory.waited
      ports.observer.runStarted(flow.name, memory.waited, memory.scheduled)
    }
    const journal = openJournal(
      { id: runId, owner, memory, control },
      {
        database: ports.database,
        engine: ports.engine,
        log: (id, line) => ports.logs.write(id, line),
        woken: (withinMs, stop) =>
          pauseUntilWoken(executing.wake, Math.min(withinMs, ports.timings.signalRecheckMs), stop),
        childEnded: (childId, withinMs, stop) => untilEnded(ports.executions, childId, withinMs, stop),
      },
    )
    const { generation } = memory
    const scope = { runId, flowName: flow.name, eventId, generation, deps: ports.deps, journal, control }
    const result = await traced(claimed, memory, control, () =>
      runFlow(flow, parameters, { ...scope, now: ports.now, observer: ports.observer }),
    )
    ports.observer.runEnded(flow.name, 'completed', seconds(), run)
    return result ?? null
  } catch (error) {
    if (error instanceof OwnershipLost || control.lost) throw new DBOSWorkflowConflictError(runId)
    if (error instanceof FlowCancelled) {
      // The engine then finds the outcome recorded, and leaves it.
      await patiently(control, () => endCancelled(ports.database, runId, owner))
      ports.observer.runEnded(flow.name, 'cancelled', seconds(), run)
      throw new DBOSWorkflowConflictError(runId)
    }
    const failure = new RunFailed(error)
    const { code, data } = failure
    run.failure = { error, code, task: data.task_name }
    ports.observer.runEnded(flow.name, 'failed', seconds(), run)
    ports.logger.warn(
      { run_id: runId, event_id: eventId, flow: flow.name, code, task: data.task_name },
      'run failed',
    )
    throw failure
  }
}
