/** Turns what the parts report into metrics, measurements and error reports. */
import type { Notified } from '../platform/contract/notification.ts'
import type { WorkerObserver } from '../platform/engine/durable/execution.ts'
import { FlowFailure, TaskFailed } from '../platform/engine/errors.ts'
import type { Inbox } from '../platform/inbox/inbox.ts'
import type { ErrorReports } from '../platform/observability/error-reports.ts'
import type { Measurements } from '../platform/observability/measurements.ts'
import type { Metrics } from '../platform/observability/metrics.ts'
import { openSpan } from '../platform/observability/spans.ts'
import type { CallObserver } from '../platform/outbound/service-guard.ts'
import type { Database } from '../platform/postgres/pool.ts'
import { readCounts } from '../platform/runs/health.ts'

const SAMPLE_MS = 10_000

/** What a worker reports of runs and tasks, counted. Seconds throughout. */
export function observeWorker(metrics: Metrics): WorkerObserver {
  return {
    runStarted: (workflow_name, waited, scheduled) =>
      (scheduled ? metrics.scheduleLateness : metrics.eventToStart).observe({ workflow_name }, waited),
    runEnded(workflow_name, status, seconds) {
      metrics.workflowRuns.inc({ workflow_name, status })
      metrics.workflowDuration.observe({ workflow_name }, seconds)
    },
    recovered: (runs) => metrics.recoveredRuns.inc(runs),
    taskEnded: (workflow_name, task_name, ok, seconds) =>
      metrics.taskDuration.observe(
        { task_name, workflow_name, status: ok ? 'completed' : 'failed' },
        seconds,
      ),
    taskRetried: (workflow_name, task_name) => metrics.taskRetries.inc({ task_name, workflow_name }),
    undoFailed: (workflow_name) => metrics.undoFailures.inc({ workflow_name }),
  }
}

/** One observer that notifies all of them, in order. */
export function observeTogether(observers: readonly WorkerObserver[]): WorkerObserver {
  const all =
    <Name extends keyof WorkerObserver>(name: Name) =>
    (...about: Parameters<WorkerObserver[Name]>) => {
      for (const observer of observers) (observer[name] as (...about: unknown[]) => void)(...about)
    }
  return {
    runStarted: all('runStarted'),
    runEnded: all('runEnded'),
    recovered: all('recovered'),
    taskEnded: all('taskEnded'),
    taskRetried: all('taskRetried'),
    undoFailed: all('undoFailed'),
  }
}

/** Every run and task as a point: tags workflow, task, status; fields in seconds. */
export function measureWorker({ write }: Pick<Measurements, 'write'>): WorkerObserver {
  return {
    ...NOTHING,
    runEnded: (workflow, status, duration, { waited }) =>
      write('flow_run', { workflow, status }, { duration, waited }),
    taskEnded: (workflow, task, ok, duration) =>
      write('task_run', { workflow, task, status: ok ? 'completed' : 'failed' }, { duration }),
  }
}

/**
 * Reports the runs that failed for a reason no flow foresees. A FlowFailure is a flow's own decision, such as
 * `low_confidence`; a failed child has been reported as a run of its own.
 */
export function reportFailures({ report }: Pick<ErrorReports, 'report'>): WorkerObserver {
  return {
    ...NOTHING,
    runEnded(flow, _status, _seconds, { runId, failure }) {
      if (failure === undefined || isForeseen(failure.error, failure.code)) return
      const { error, code, task } = failure
      // What the task threw, when that was in this execution: its stack leads to the cause.
      const thrown = error instanceof TaskFailed && error.cause !== undefined ? error.cause : error
      report(thrown, { code, runId, flow, ...(task === null ? {} : { task }) })
    },
  }
}

/** Codes of the engine's own, though it reports them as a flow would. */
const FAULTS = ['flow_changed', 'saga_undo_failed']

const isForeseen = (error: unknown, code: string) =>
  error instanceof FlowFailure ? !FAULTS.includes(code) : code === 'child_failed'

const nothing = () => {}
const NOTHING: WorkerObserver = {
  runStarted: nothing,
  runEnded: nothing,
  recovered: nothing,
  taskEnded: nothing,
  taskRetried: nothing,
  undoFailed: nothing,
}

const OPENNESS = { closed: 0, half_open: 0.5, open: 1 } as const

/** What the guards of other services report: counted, and a span for each call in the trace it belongs to. */
export function observeCalls(metrics: Metrics): CallObserver {
  return {
    called(service, operation, outcome, seconds) {
      metrics.serviceCalls.inc({ service, operation, outcome })
      metrics.serviceCallDuration.observe({ service, operation }, seconds)
      const attributes = {
        'peer.service': service,
        'prefect.operation': operation,
        'prefect.outcome': outcome,
      }
      const startedAt = Date.now() - seconds * 1000
      const name = `${service} ${operation}`
      openSpan({ name, kind: 'client', attributes, startedAt }).end(outcome === 'ok' ? undefined : outcome)
    },
    circuit: (service, state) => metrics.circuitOpen.set({ service }, OPENNESS[state]),
  }
}

/** How each message ended, counted by channel. */
export function observeNotifications(metrics: Metrics): Notified {
  return (channel, outcome) => metrics.notifications.inc({ channel, outcome })
}

/**
 * Samples what nobody reports, every ten seconds: runs in this process, connections, backlog, inbox. Returns how to stop.
 * `running` returns how many runs this process has in hand.
 */
export function observeService(
  metrics: Metrics,
  database: Database,
  inbox: Pick<Inbox, 'counts'>,
  running: () => number,
): () => Promise<void> {
  const active = () => metrics.activeWorkflows.set(running())
  const pool = () => {
    const { totalCount, idleCount, waitingCount } = database.pool
    metrics.poolConnections.set({ state: 'busy' }, totalCount - idleCount)
    metrics.poolConnections.set({ state: 'idle' }, idleCount)
    metrics.poolConnections.set({ state: 'waiting' }, waitingCount)
  }
  const backlog = async () => metrics.backlogAge.set((await readCounts(database)).backlogAge)
  const waiting = async () => {
    for (const [kind, open] of Object.entries(await inbox.counts())) metrics.inboxOpen.set({ kind }, open)
  }
  const timer = setInterval(() => {
    active()
    pool()
    // While the database is away the gauges keep their last value; health says why.
    backlog().catch(() => {})
    waiting().catch(() => {})
  }, SAMPLE_MS)
  return async () => clearInterval(timer)
}
