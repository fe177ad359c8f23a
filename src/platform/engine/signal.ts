/** What a run may wait for from outside: declared once, by name, with the shape of its answer and who gives it. */
import type { z } from 'zod'

export interface SignalDefinition<Payload extends z.ZodType = z.ZodType> {
  /** Stored with every wait, and the address it is sent to. Never rename. */
  readonly name: string
  /** What is waited for, in a few words: the heading of its entry in the inbox. */
  readonly title: string
  /** Who is to answer: a role or a department, as people of the house call it. */
  readonly who: string
  /** Checked where it is sent. `null` stands for a signal without a payload. */
  readonly payload: Payload
}

// biome-ignore lint/suspicious/noExplicitAny: a registry holds signals of many shapes; each is checked by its own schema
export type AnySignal = SignalDefinition<any>

/** A signal as it is written. A payload that an earlier build took must fit the schema still: it may be kept for a run. */
export function defineSignal<Payload extends z.ZodType>(
  signal: SignalDefinition<Payload>,
): SignalDefinition<Payload> {
  return signal
}
