/** One execution of one run, from claim to outcome. */
import type { Logger } from '../../observability/logger.ts'
import { inSpan } from '../../observability/spans.ts'
import type { Database } from '../../postgres/pool.ts'
import type { Engine } from '../engine.ts'
import { type AnyFlow, queueOf } from '../flow.ts'
import { generationAt } from '../ids.ts'
import { pauseUntilWoken } from '../pause.ts'
import { RunControl } from '../run-control.ts'
import type { RunObserver } from '../run-scope.ts'
import { runFlow } from '../words.ts'
import type { RunMemory } from './checkpoints.ts'
import { openJournal } from './durable-journal.ts'
import { type Ended, endOf, failedBy, type RunFailure } from './ended.ts'
import type { Executing, Executions } from './executions.ts'
import type { Outcomes } from './outcomes.ts'
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
  failure?: RunFailure
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
  outcomes: Outcomes
  /** The run's outcome is recorded. */
  ended(runId: string): void
  slotFree(queue: string): void
}

/** Resolves when the outcome is recorded, or when the run is lost: then another execution decides. */
export async function execute(claimed: Claimed, ports: ExecutionPorts): Promise<void> {
  const { runId, flow } = claimed
  const control = new RunControl()
  const executing: Executing = { runId, owner: claimed.owner, control, queue: queueOf(flow), wake: new Set() }
  ports.executions.add(runId, executing)
  control.onSlotFree = () => ports.slotFree(executing.queue)
  try {
    await Promise.race([control.whenLost(), perform(claimed, executing, ports)])
  } finally {
    ports.executions.remove(runId, executing)
    setImmediate(() => ports.slotFree(executing.queue))
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
function traced<T>(
  { flow, runId }: Pick<Claimed, 'flow' | 'runId'>,
  memory: RunMemory,
  control: RunControl,
  act: () => Promise<T>,
) {
  const { traceparent, eventId, resumed } = memory
  const attributes = {
    'prefect.run_id': runId,
    'prefect.resumed': resumed,
    ...(eventId === undefined ? {} : { 'prefect.event_id': eventId }),
  }
  return inSpan({ name: flow.name, attributes, within: { traceparent } }, act, () => control.whenLost())
}

/** What is known of the run so far. */
interface Known {
  /** Epoch milliseconds. A run that was resumed began with its first step. */
  begunAt: number
  eventId?: string | undefined
  end: RunEnd
}

async function perform(claimed: Claimed, executing: Executing, ports: ExecutionPorts): Promise<void> {
  const { runId, owner } = claimed
  const { control } = executing
  const known: Known = { begunAt: Date.now(), end: { runId } }
  const record = async (ended: Ended) => {
    if (control.lost) return
    report(claimed.flow, known, ended, ports)
    const recorded = await patiently(control, () =>
      ports.outcomes.record({ id: runId, owner }, ended.outcome),
    )
    if (recorded) ports.ended(runId)
  }
  const ended = await endOf(() => runCode(claimed, executing, ports, known))
  try {
    await record(ended)
  } catch (error) {
    // What the database refuses as a result, it keeps as a failure.
    await record(failedBy(error))
  }
}

async function runCode(
  { flow, runId, owner, parameters }: Claimed,
  executing: Executing,
  ports: ExecutionPorts,
  known: Known,
): Promise<unknown> {
  const { control } = executing
  const memory = await patiently(control, () => ports.loader.load(runId))
  known.eventId = memory.eventId
  if (memory.queue !== undefined) executing.queue = memory.queue
  if (memory.cancelRequested) control.cancel()
  if (memory.parentRunId !== undefined) ports.executions.isChild(runId)
  for (const { startedAt } of memory.steps.values()) known.begunAt = Math.min(known.begunAt, startedAt)
  if (!memory.resumed) {
    known.end.waited = memory.waited
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
  const { eventId } = memory
  const keys = (step: number) => generationAt(memory, step)
  const about = { runId, flowName: flow.name, eventId, generationAt: keys }
  const scope = { ...about, deps: ports.deps, journal, control }
  return traced({ flow, runId }, memory, control, () =>
    runFlow(flow, parameters, { ...scope, now: ports.now, observer: ports.observer }),
  )
}

/** Before it is recorded: whoever sees the outcome finds it counted. */
function report(flow: AnyFlow, known: Known, { status, failure }: Ended, ports: ExecutionPorts): void {
  const seconds = (Date.now() - known.begunAt) / 1000
  ports.observer.runEnded(flow.name, status, seconds, failure ? { ...known.end, failure } : known.end)
  if (!failure) return
  const { code, task } = failure
  const about = { run_id: known.end.runId, event_id: known.eventId, flow: flow.name, code, task }
  ports.logger.warn(about, 'run failed')
}
