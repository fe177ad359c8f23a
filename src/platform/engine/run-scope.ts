import type { Journal } from './journal.ts'
import type { RunControl } from './run-control.ts'

/** Notified of what tasks do, for metrics. */
export interface RunObserver {
  taskEnded(flow: string, task: string, ok: boolean, seconds: number): void
  taskRetried(flow: string, task: string): void
  undoFailed(flow: string): void
}

/** Everything one execution of a run needs. */
export interface RunScope<Deps> {
  readonly runId: string
  readonly flowName: string
  readonly eventId: string | undefined
  /** How often a step was started anew: keeps the idempotency keys of each time apart. */
  readonly generationAt: (step: number) => number
  readonly deps: Deps
  readonly journal: Journal
  readonly control: RunControl
  readonly observer?: RunObserver
  /** What `flow.now()` reads. Default: this machine's clock. */
  readonly now?: (() => Date) | undefined
}

/** One step of a run. */
export interface StepScope<Deps> extends RunScope<Deps> {
  readonly number: number
}
