import type { Decision } from '../contract/inbox.ts'
import type { FieldError } from '../contract/problem.ts'

export type RefusalCode =
  /** No open entry has this id. */
  | 'entry_not_found'
  | 'unknown_action'
  /** The payload does not fit the action: `errors` names each wrong field. */
  | 'invalid_payload'
  /** Somebody else was first: `decision`. */
  | 'already_decided'
  /** What the action needs is not so any more. */
  | 'cannot_settle'

/** An entry was not settled, and why, as a sentence for whoever asked. Nothing was done. */
export class InboxRefusal extends Error {
  override readonly name = 'InboxRefusal'
  readonly code: RefusalCode
  readonly errors: FieldError[]
  readonly decision: Decision | undefined
  constructor(
    code: RefusalCode,
    message: string,
    { errors = [], decision }: { errors?: FieldError[]; decision?: Decision } = {},
  ) {
    super(message)
    this.code = code
    this.errors = errors
    this.decision = decision
  }
}
