/** What a retry does, said before it is done. One function makes the plan, for whoever asks and for the retry itself. */
import type { RunStatus, TaskRun } from '../contract/run.ts'
import type { StepKind } from './journal.ts'

export interface PlannedTask {
  name: string
  taskRunId: string
  /** As it is now. */
  status: TaskRun['status']
  /** Null: it has no outcome yet. */
  kind: StepKind | null
}

export interface PlannedChild {
  runId: string
  workflowName: string
  status: RunStatus
  parentRunId: string
  /** `retried`: again under its own id. `started_anew`: another run in its place. `awaited`: nothing is done to it. */
  becomes: 'retried' | 'started_anew' | 'awaited'
}

export interface Speaker {
  runId: string
  /** Its steps get other keys: what it makes of them, a request's id say, is new, and so is a message about that. */
  anew: boolean
}

export interface RetryRefusal {
  /** `not_failed`: its state does not allow it. `flagged`: a person must look first. `from_task`: not from that task. */
  code: 'not_failed' | 'flagged' | 'from_task'
  /** A sentence that goes on after "The run is failed: ". */
  reason: string
}

export interface RetryPlan {
  kind: 'plan'
  runId: string
  status: RunStatus
  /** Nothing is done, and the lists below are empty. */
  refused?: RetryRefusal
  /** The name of the task it goes on from; undefined: it goes on where it stopped, or from the top. */
  from: string | undefined
  /** Steps whose record is forgotten. */
  steps: readonly number[]
  /** Steps from this one on have other idempotency keys and children than before. 0: the run begins from the top. */
  anewFrom: number | undefined
  runsAgain: readonly PlannedTask[]
  kept: readonly PlannedTask[]
  /** Of any depth. */
  children: readonly PlannedChild[]
  /** The runs whose messages may be said again. */
  speakers: readonly Speaker[]
}

/** `no_such_task`: `tasks` are the names that the run has. */
export type PlannedRetry = RetryPlan | { kind: 'not_found' } | { kind: 'no_such_task'; tasks: string[] }

/** `fromTask`: the name of a task run (the first of that name), or its id. Default: the task that failed. */
export interface Retries {
  planRetry(runId: string, fromTask?: string): Promise<PlannedRetry>
  /** Does what it answers, unless that is refused. */
  retryFrom(runId: string, fromTask?: string): Promise<PlannedRetry>
}
