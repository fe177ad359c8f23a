/**
 * The port of what waits for a person: one source for each kind of entry. The inbox makes one list of them all, and
 * writes down who settled what; a source knows what is open, what may be done about it, and does it.
 */
import type { z } from 'zod'
import type { RetryOutcome, SignalOutcome } from '../engine/engine.ts'
import type { Parameters } from '../postgres/parameters.ts'
import type { Sql } from '../postgres/sql.ts'

export type Bind = Parameters['bind']

/** The open entries of a source, as SQL text written in this project. Its cost is that of what is open. */
export interface OpenRows {
  from: string
  where: readonly string[]
  /** Text that names the entry among those of its kind, also later: what comes back is another entry. */
  ref: string
  /** timestamptz, with an index in its descending order. */
  since: string
  /** timestamptz. Default: never. */
  due?: string
  who: string
  /** text[] */
  subjects: string
  flowRunId?: string
  eventId?: string
  /** jsonb: whatever the source needs to describe the entry and to settle it. */
  facts: string
}

/** One open entry. */
export interface OpenEntry<Facts = unknown> {
  /** `<kind>.<ref>` */
  id: string
  kind: string
  ref: string
  since: Date
  age_seconds: number
  due_at: Date | null
  who: string
  subjects: string[]
  flow_run_id: string | null
  event_id: string | null
  facts: Facts
}

/** Who settles an entry: the name of the API key, and the person behind it. */
export interface Decider {
  decidedBy: string
  by: string | null
}

export interface SettleContext<Facts> extends Decider {
  /** The transaction that also writes the decision. */
  sql: Sql
  entry: OpenEntry<Facts>
  /** The payload as it was sent, checked by the action's `input`; null without one. */
  sent: unknown
}

/** One way to settle an entry. */
export interface SettlingAction<Facts, Input extends z.ZodType = z.ZodType> {
  title: string
  /** What its payload must be; without: it takes none. */
  input?: Input
  /** Returns what is kept of it, as JSON. Throws InboxRefusal: then nothing of it is done. */
  settle(context: SettleContext<Facts>, input: z.output<Input>): Promise<object | undefined>
}

// biome-ignore lint/suspicious/noExplicitAny: the actions of one entry take inputs of many shapes, each by its own schema
export type Actions<Facts> = Readonly<Record<string, SettlingAction<Facts, any>>>

export interface InboxSource<Facts = unknown> {
  /** Begins every id of its entries. Never rename. Letters and underscores. */
  readonly kind: string
  /** Codes of errors: a run that failed with one of them has its entry here, and none as a failed run. */
  readonly failures?: readonly string[]
  open(bind: Bind): OpenRows
  /** Conditions that find the row of one entry by its key. */
  at(ref: string, bind: Bind): readonly string[]
  describe(entry: OpenEntry<Facts>): { title: string; details: Record<string, unknown> }
  actions(entry: OpenEntry<Facts>): Actions<Facts>
}

// biome-ignore lint/suspicious/noExplicitAny: each source alone knows the facts of its entries
export type AnyInboxSource = InboxSource<any>

/** What a settlement asks of the engine, inside its own transaction. */
export interface EngineActs {
  signal(sql: Sql, runId: string, signal: string, payload: unknown): Promise<SignalOutcome>
  retry(sql: Sql, runId: string): Promise<RetryOutcome>
}

/** An action with its input's type known where it is written. */
export function settling<Facts, Input extends z.ZodType>(
  action: SettlingAction<Facts, Input>,
): SettlingAction<Facts, Input> {
  return action
}
