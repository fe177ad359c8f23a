/**
 * The service's metrics. The first six are the specification's, by exact name and labels; the rest are the contract's.
 * Labels are names of flows, tasks, queues and kinds, never ids or people.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

export type Metrics = ReturnType<typeof createMetrics>

/** One registry with all of them, and the process's own (memory, CPU, event loop). Durations in seconds. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return { registry, ...specified([registry]), ...beyondIt([registry]), ...outside([registry]) }
}

function specified(registers: Registry[]) {
  return {
    workflowRuns: new Counter({
      name: 'prefect_workflow_runs_total',
      help: 'Total workflow runs',
      labelNames: ['workflow_name', 'status'] as const,
      registers,
    }),
    workflowDuration: new Histogram({
      name: 'prefect_workflow_duration_seconds',
      help: 'Workflow duration in seconds',
      labelNames: ['workflow_name'] as const,
      buckets: [1, 5, 10, 30, 60, 300, 600, 1800, 3600],
      registers,
    }),
    activeWorkflows: new Gauge({
      name: 'prefect_active_workflows',
      help: 'Number of currently running workflows in this process',
      registers,
    }),
    taskRetries: new Counter({
      name: 'prefect_task_retries_total',
      help: 'Total task retries',
      labelNames: ['task_name', 'workflow_name'] as const,
      registers,
    }),
    queueDepth: new Gauge({
      name: 'prefect_queue_depth',
      help: 'RabbitMQ queue depth',
      labelNames: ['queue_name'] as const,
      registers,
    }),
    eventsProcessed: new Counter({
      name: 'prefect_events_processed_total',
      help: 'Total events processed',
      labelNames: ['event_type', 'status'] as const,
      registers,
    }),
  }
}

function beyondIt(registers: Registry[]) {
  return {
    taskDuration: new Histogram({
      name: 'prefect_task_duration_seconds',
      help: 'Task duration in seconds, from its last attempt to its recorded outcome',
      labelNames: ['task_name', 'workflow_name', 'status'] as const,
      buckets: SECONDS,
      registers,
    }),
    eventToStart: new Histogram({
      name: 'prefect_event_to_start_seconds',
      help: 'From the commit of a run to the start of its flow in a worker',
      labelNames: ['workflow_name'] as const,
      buckets: SECONDS,
      registers,
    }),
    scheduleLateness: new Histogram({
      name: 'prefect_schedule_lateness_seconds',
      help: 'From the time a run was scheduled for to its start',
      labelNames: ['workflow_name'] as const,
      buckets: [1, 2, 5, 10, 30, 60, 300],
      registers,
    }),
    firings: new Counter({
      name: 'prefect_schedule_firings_total',
      help: 'Nominal times of schedules by what became of them',
      labelNames: ['workflow_name', 'outcome', 'reason'] as const,
      registers,
    }),
    firingLateness: new Histogram({
      name: 'prefect_schedule_firing_lateness_seconds',
      help: 'From the time a schedule was due to its decision; what was caught up or waited is not in it',
      labelNames: ['workflow_name'] as const,
      buckets: [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 5, 10],
      registers,
    }),
    notifications: new Counter({
      name: 'prefect_notifications_total',
      help: 'Notifications by outcome',
      labelNames: ['channel', 'outcome'] as const,
      registers,
    }),
    recoveredRuns: new Counter({
      name: 'prefect_recovered_runs_total',
      help: 'Runs taken over from dead workers by this process',
      registers,
    }),
    undoFailures: new Counter({
      name: 'prefect_saga_undo_failures_total',
      help: 'Sagas that could not be undone: a person must look at the flagged runs',
      labelNames: ['workflow_name'] as const,
      registers,
    }),
    poolConnections: new Gauge({
      name: 'prefect_database_connections',
      help: 'Connections of this process to the database',
      labelNames: ['state'] as const,
      registers,
    }),
    inboxOpen: new Gauge({
      name: 'prefect_inbox_open',
      help: 'Entries of the inbox that wait for a person, counted up to 10000 of each kind',
      labelNames: ['kind'] as const,
      registers,
    }),
    backlogAge: new Gauge({
      name: 'prefect_backlog_age_seconds',
      help: 'Age of the oldest run that could start but has not',
      registers,
    }),
  }
}

/** Of calls to other services, and of what is sent about this one. */
function outside(registers: Registry[]) {
  return {
    serviceCalls: new Counter({
      name: 'prefect_service_calls_total',
      help: 'Calls to other services by outcome; not_called: spared while the service is down or limits its rate',
      labelNames: ['service', 'operation', 'outcome'] as const,
      registers,
    }),
    serviceCallDuration: new Histogram({
      name: 'prefect_service_call_seconds',
      help: 'Duration of calls to other services in seconds, waiting for a turn included',
      labelNames: ['service', 'operation'] as const,
      buckets: SECONDS,
      registers,
    }),
    circuitOpen: new Gauge({
      name: 'prefect_circuit_open',
      help: '1: the service failed several times in a row and is left alone; 0.5: one call tries; 0: it is called',
      labelNames: ['service'] as const,
      registers,
    }),
    telemetryFailures: new Counter({
      name: 'prefect_telemetry_failures_total',
      help: 'Batches of traces or measurements, or error reports, that could not be delivered',
      labelNames: ['kind'] as const,
      registers,
    }),
  }
}
