/**
 * The language a flow is written in. Words and ports only: no vendor, no I/O.
 * Two engines speak it: `durable/` (over PostgreSQL) and `in-memory.ts` (at once, for unit tests of flows).
 */
import type { z } from 'zod'
import type { SignalDefinition } from './signal.ts'

/** How a task is tried again. Delays in seconds; `jitter` 0.2 spreads each delay by ±20 %. */
export interface RetryPolicy {
  attempts: number
  firstDelaySeconds?: number
  backoff?: number
  maxDelaySeconds?: number
  jitter?: number
}

export type LogFields = Record<string, unknown>

export interface TaskContext {
  readonly runId: string
  readonly eventId: string | undefined
  readonly taskName: string
  /** 1 for the first try; counts on across a worker's death. */
  readonly attempt: number
  /** No attempt follows when this one fails, unless a person asks for a retry. */
  readonly lastAttempt: boolean
  /** The same for every attempt and replay of this task in this run: give it to services that take one. */
  readonly idempotencyKey: string
  /** Aborted on timeout, cancel, or when this worker loses the run. */
  readonly signal: AbortSignal
  /** The clock that `flow.now()` reads, as it is in this attempt: not recorded, and another one in the next. */
  now(): Date
  log(message: string, fields?: LogFields): void
}

/** One act of I/O outside the database. Runs at least once; its effect must be idempotent by key. */
export interface Task<in Deps, Input, Output> {
  readonly kind: 'task'
  readonly name: string
  readonly retry?: RetryPolicy
  readonly timeoutSeconds?: number
  /** An earlier result under the same key is used instead of running, until it expires. */
  readonly cache?: { key: (input: Input) => string; expiresInSeconds: number }
  run(deps: Deps, input: Input, context: TaskContext): Promise<Output>
}

/** SQL inside a task's transaction. */
export interface TransactionSql {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>
}

export interface TransactionContext extends TaskContext {
  readonly sql: TransactionSql
  /** A named part, listed as a task run of its own: `await part('check_if_late', () => ...)`. */
  part<T>(name: string, body: () => Promise<T> | T): Promise<T>
}

/** Database work that commits together with its own checkpoint: applied exactly once. */
export interface TransactionalTask<in Deps, Input, Output> {
  readonly kind: 'transaction'
  readonly name: string
  readonly retry?: RetryPolicy
  /** Transactions with the same lock run one after another, cluster-wide. */
  readonly lock?: (input: Input) => string
  run(deps: Deps, input: Input, context: TransactionContext): Promise<Output>
}

export type AnyTask<Deps, Input, Output> = Task<Deps, Input, Output> | TransactionalTask<Deps, Input, Output>

/** An act of a saga, as its undo gets it. */
export interface ActToUndo<Input, Output> {
  input: Input
  /** Missing when the act may or may not have happened: undo by `actKey`. Of a transaction: it was not committed. */
  result: Output | undefined
  /** The act's idempotency key. */
  actKey: string
}

/**
 * What takes an act back: a task where that is outside the database, a transaction where it is inside, which is then
 * applied exactly once. A cancel of the run does not stop it.
 */
export type Undo<Deps, Input, Output> = AnyTask<Deps, ActToUndo<Input, Output>, void>

export interface Saga<Deps> {
  /**
   * The undo is registered before the act runs; on failure or cancel all acts are undone in reverse. Of several undos of
   * one act each is a step of its own, in the order given; those after one that failed are not tried.
   */
  act<Input, Output>(
    task: AnyTask<Deps, Input, Output>,
    input: Input,
    ...undos: [Undo<Deps, Input, Output>, ...Undo<Deps, Input, Output>[]]
  ): Promise<Output>
}

/** What a flow may do. Anything else (clock, random, I/O) belongs in a task. */
export interface Flow<Deps> {
  readonly runId: string
  readonly eventId: string | undefined
  task<Input, Output>(task: AnyTask<Deps, Input, Output>, input: Input): Promise<Output>
  /** Fan-out: results in the order of the inputs; the first failure (by input order) is thrown at the end. */
  all<Input, Output>(
    task: AnyTask<Deps, Input, Output>,
    inputs: readonly Input[],
    options?: { concurrency?: number },
  ): Promise<Output[]>
  /** A flow run of its own, awaited. A child that fails throws `child_failed` here. */
  child<Parameters extends z.ZodType, Result>(
    flow: FlowDefinition<Deps, Parameters, Result>,
    parameters: z.input<Parameters>,
  ): Promise<Result>
  /**
   * A flow run of its own, not awaited: on record when this resolves, with this run as its parent. Resolves with its run
   * id, the same on every replay. It lives on its own from there: neither its failure nor our cancel reaches the other.
   */
  start<Parameters extends z.ZodType, Result>(
    flow: FlowDefinition<Deps, Parameters, Result>,
    parameters: z.input<Parameters>,
  ): Promise<string>
  sleep(seconds: number): Promise<void>
  /**
   * The signal's payload as its schema reads it, or undefined when it did not come within `within` seconds. One that was
   * sent before counts. Throws FlowFailure `invalid_signal` on a payload that does not fit: the API lets none through.
   */
  waitFor<Payload extends z.ZodType>(
    signal: SignalDefinition<Payload>,
    options: { within: number },
  ): Promise<z.output<Payload> | undefined>
  saga<T>(body: (saga: Saga<Deps>) => Promise<T>): Promise<T>
  /** Recorded: the same on every replay. */
  now(): Promise<Date>
  uuid(): Promise<string>
  log(message: string, fields?: LogFields): void
}

export interface FlowDefinition<in Deps, Parameters extends z.ZodType = z.ZodType, Result = unknown> {
  /** Stored with every run: never rename. */
  readonly name: string
  readonly description: string
  readonly parameters: Parameters
  /** `room:201`, `employee:EMP001`: what a run is about, indexed. */
  readonly subjects: (parameters: z.output<Parameters>) => string[]
  readonly estimatedMinutes: number
  readonly queue?: QueueName
  run(flow: Flow<Deps>, parameters: z.output<Parameters>): Promise<Result>
}

/** Any flow that makes do with `Deps`, whatever its parameters and result. */
// biome-ignore lint/suspicious/noExplicitAny: a registry holds flows of many shapes; each is checked where it is defined
export type FlowFor<Deps> = FlowDefinition<Deps, any, any>
// biome-ignore lint/suspicious/noExplicitAny: whoever only names or starts a flow does not care what it needs
export type AnyFlow = FlowFor<any>

/**
 * How many runs of a queue one worker works on at a time. A run that waits, or is out for another service's answer,
 * does not count. `events` is the one people wait for.
 */
export const QUEUES = {
  events: { workerConcurrency: 48 },
  default: { workerConcurrency: 50 },
} as const
export type QueueName = keyof typeof QUEUES

/** Runs of a queue that one worker has in hand at most, those that wait included. */
export const MOST_IN_HAND = 1_000

/** The queue a flow's runs wait in. */
export function queueOf(flow: Pick<AnyFlow, 'queue'>): QueueName {
  return flow.queue ?? 'default'
}

/** A flow as it is written: the name is stored with its runs, the schema documents and checks its parameters. */
export function defineFlow<Deps, Parameters extends z.ZodType, Result>(
  flow: FlowDefinition<Deps, Parameters, Result>,
): FlowDefinition<Deps, Parameters, Result> {
  return flow
}

/** An act of I/O that may run more than once; see `Task`. */
export function defineTask<Deps, Input, Output>(
  task: Omit<Task<Deps, Input, Output>, 'kind'>,
): Task<Deps, Input, Output> {
  return { ...task, kind: 'task' }
}

/** Database work that applies exactly once; see `TransactionalTask`. */
export function defineTransaction<Deps, Input, Output>(
  task: Omit<TransactionalTask<Deps, Input, Output>, 'kind'>,
): TransactionalTask<Deps, Input, Output> {
  return { ...task, kind: 'transaction' }
}
