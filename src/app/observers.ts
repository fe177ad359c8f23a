/** Turns what the parts tell into metrics. */
import { readCounts } from '../db/health.ts'
import type { Database } from '../db/pool.ts'
import type { WorkerObserver } from '../engine/dbos/execution.ts'
import type { Metrics } from '../observability/metrics.ts'

const SAMPLE_MS = 10_000

/** What a worker tells of runs and tasks, counted. Seconds throughout. */
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

/** How each message ended, counted by channel. */
export function observeNotifications(metrics: Metrics) {
  return (channel: string, outcome: 'sent' | 'sandbox' | 'failed') =>
    metrics.notifications.inc({ channel, outcome })
}

/**
 * Samples what nobody tells, every ten seconds: runs in this process, connections, backlog. Answers how to stop.
 * `running` answers how many runs this process has in hand.
 */
export function observeService(
  metrics: Metrics,
  database: Database,
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
  const timer = setInterval(() => {
    active()
    pool()
    // While the database is away the gauge keeps its last value; health says why.
    backlog().catch(() => {})
  }, SAMPLE_MS)
  return async () => clearInterval(timer)
}
