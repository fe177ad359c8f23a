/**
 * Errors a flow or a task throws are instructions to the engine. Each has a stable `code`, which callers of the API
 * see as `error.code`; the message is a sentence a person can act on.
 */
import { storable } from '../contract/unstorable-text.ts'

/** A task failed for good: trying again cannot help (bad input, refused credentials). */
export class GiveUp extends Error {
  override readonly name: string = 'GiveUp'
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The task should be tried again, not before `afterSeconds` (a service's Retry-After). */
export class TryAgain extends Error {
  override readonly name = 'TryAgain'
  readonly code: string
  readonly afterSeconds: number | undefined
  constructor(code: string, message: string, afterSeconds?: number, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.afterSeconds = afterSeconds
  }
}

/** The flow itself decides that the run has failed, and says which of its tasks found out. */
export class FlowFailure extends Error {
  override readonly name = 'FlowFailure'
  readonly code: string
  readonly taskName: string | undefined
  constructor(code: string, message: string, taskName?: string) {
    super(message)
    this.code = code
    this.taskName = taskName
  }
}

/** A task's last attempt failed, or its recorded failure is replayed. `cause`: what it threw, in this execution. */
export class TaskFailed extends Error {
  override readonly name = 'TaskFailed'
  readonly code: string
  readonly taskName: string
  /** The steps that failed (several in a fan-out): what a retry does again. */
  readonly steps: readonly number[]
  constructor(
    taskName: string,
    code: string,
    message: string,
    steps: readonly number[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.taskName = taskName
    this.code = code
    this.steps = steps
  }
}

/** The run was cancelled: thrown at the word the flow is in, so that a saga undoes what it did. */
export class FlowCancelled extends Error {
  override readonly name = 'FlowCancelled'
  readonly code = 'cancelled'
  /** Whether the word it was thrown at had begun: a saga does not undo what never began. */
  readonly started: boolean
  readonly steps: readonly number[]
  constructor(started = true, steps: readonly number[] = []) {
    super('The run was cancelled by request.')
    this.started = started
    this.steps = steps
  }
}

export interface ErrorRecord {
  code: string
  message: string
  task_name?: string
  /** Of code `cancelled`: false when the step was refused before it began. */
  started?: boolean
}

/** The failed steps behind an error, also when the flow wrapped it (`cause`). Empty: the flow itself failed. */
export function failedSteps(error: unknown): readonly number[] {
  if (error instanceof TaskFailed || error instanceof FlowCancelled) return error.steps
  return error instanceof Error && error.cause !== undefined ? failedSteps(error.cause) : []
}

/** Any thrown thing as what is stored and shown: `{code, message}`, never a stack. */
export function describeError(error: unknown): ErrorRecord {
  if (!(error instanceof Error)) return { code: 'error', message: storable(String(error).slice(0, 2000)) }
  const { code, taskName } = error as { code?: unknown; taskName?: unknown }
  return {
    code: typeof code === 'string' && code !== '' ? code : 'error',
    message: storable(error.message.slice(0, 2000)) || error.name,
    ...(typeof taskName === 'string' ? { task_name: taskName } : {}),
  }
}
