/** Settling an entry: its effect and its decision in one transaction, once, whoever presses first. */
import { isDeepStrictEqual } from 'node:util'
import type { Decision } from '../contract/inbox.ts'
import { fieldErrors } from '../contract/problem.ts'
import { lockNumber } from '../postgres/lock-number.ts'
import type { Sql } from '../postgres/sql.ts'
import { findDecision, insertDecision } from './decisions.ts'
import { InboxRefusal } from './inbox-refusal.ts'
import type { AnyInboxSource, Decider, OpenEntry, SettlingAction } from './inbox-source.ts'
import { findOpen } from './open-entries.ts'

export interface SettleAsked extends Decider {
  entryId: string
  action: string
  /** Null: without one. */
  payload: unknown
  note: string | null
}

/** `repeated`: it was decided before, by the same person in the same way; nothing was done now. */
export interface Settled {
  decision: Decision
  repeated: boolean
}

/** Inside a transaction of its own, which a thrown InboxRefusal rolls back. */
export async function settleEntry(
  sql: Sql,
  sources: readonly AnyInboxSource[],
  asked: SettleAsked,
): Promise<Settled> {
  await sql.query('select pg_advisory_xact_lock($1)', [lockNumber(`inbox:${asked.entryId}`).toString()])
  const earlier = await findDecision(sql, asked.entryId)
  if (earlier) {
    if (isRepeat(earlier, asked)) return { decision: earlier, repeated: true }
    throw decidedAlready(earlier)
  }
  const { source, entry } = await mustBeOpen(sql, sources, asked.entryId)
  const action = actionOf(source, entry, asked.action)
  const input = inputOf(action, asked.payload)
  const { decidedBy, by, payload, note } = asked
  const result = await action.settle({ sql, entry, decidedBy, by, sent: payload }, input)
  const decision = await insertDecision(sql, {
    id: entry.id,
    kind: entry.kind,
    action: asked.action,
    title: source.describe(entry).title,
    subjects: entry.subjects,
    flow_run_id: entry.flow_run_id,
    event_id: entry.event_id,
    decided_by: decidedBy,
    by,
    note,
    payload,
    result: result ?? null,
  })
  return { decision, repeated: false }
}

function isRepeat(earlier: Decision, { action, decidedBy, by, payload }: SettleAsked): boolean {
  const asked = { action, decided_by: decidedBy, by, payload }
  const { action: was, decided_by, by: person, payload: sent } = earlier
  return isDeepStrictEqual({ action: was, decided_by, by: person, payload: sent }, asked)
}

function decidedAlready(decision: Decision): InboxRefusal {
  const { action, decided_by, by, decided_at } = decision
  const who = by === null ? `the key "${decided_by}"` : `${by} (key "${decided_by}")`
  const message = `It was settled before: ${action}, by ${who}, at ${decided_at}.`
  return new InboxRefusal('already_decided', message, { decision })
}

/** The source that an id names, and what the id says beyond it. */
function sourceOf(sources: readonly AnyInboxSource[], entryId: string) {
  const dot = entryId.indexOf('.')
  const source = sources.find(({ kind }) => kind === entryId.slice(0, dot))
  return source && { source, ref: entryId.slice(dot + 1) }
}

export async function mustBeOpen(
  sql: Sql,
  sources: readonly AnyInboxSource[],
  entryId: string,
): Promise<{ source: AnyInboxSource; entry: OpenEntry }> {
  const named = sourceOf(sources, entryId)
  const entry = named && (await findOpen(sql, named.source, named.ref))
  if (named && entry) return { source: named.source, entry }
  const message = `The inbox has no open entry ${JSON.stringify(entryId.slice(0, 200))}: there never was one, or it came to an end by itself.`
  throw new InboxRefusal('entry_not_found', message)
}

function actionOf(source: AnyInboxSource, entry: OpenEntry, name: string): SettlingAction<unknown> {
  const actions = source.actions(entry)
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined
  if (action) return action
  const known = Object.keys(actions).join(', ')
  const message = `An entry of kind ${entry.kind} has no action ${JSON.stringify(name.slice(0, 100))}: it has ${known}.`
  throw new InboxRefusal('unknown_action', message)
}

function inputOf({ input }: SettlingAction<unknown>, payload: unknown): unknown {
  if (input === undefined) {
    if (payload === null) return undefined
    const errors = [{ path: 'body.payload', message: 'this action takes none: leave it out' }]
    throw new InboxRefusal('invalid_payload', 'This action takes no payload.', { errors })
  }
  const read = input.safeParse(payload)
  if (read.success) return read.data
  const errors = fieldErrors(read.error, 'body.payload')
  const named = errors.map(({ path, message }) => `${path}: ${message}`).join('; ')
  throw new InboxRefusal('invalid_payload', `The payload does not fit the action. ${named}`, { errors })
}
