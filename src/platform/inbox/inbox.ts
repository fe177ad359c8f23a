/** The inbox: everything that waits for a person, one list, and what people decided. */
import { z } from 'zod'
import type { Decision, InboxAction, InboxEntry } from '../contract/inbox.ts'
import { instantText } from '../postgres/instant-text.ts'
import type { Page, PageOf } from '../postgres/page.ts'
import type { Database } from '../postgres/pool.ts'
import { type DecisionFilter, findDecision, listDecisions } from './decisions.ts'
import { InboxRefusal } from './inbox-refusal.ts'
import type { AnyInboxSource, OpenEntry } from './inbox-source.ts'
import { COUNTED_UP_TO, countOpen, type InboxFilter, readOpen } from './open-entries.ts'
import { mustBeOpen, type SettleAsked, type Settled, settleEntry } from './settle.ts'

export interface InboxPage extends Omit<PageOf<never>, 'rows'> {
  entries: InboxEntry[]
  /** Of every kind, at most COUNTED_UP_TO. */
  counts: Record<string, number>
}

export interface Inbox {
  /** Of the entries, in the order of their sources. */
  readonly kinds: readonly string[]
  /** Newest first. Throws BadCursor. */
  list(filter: InboxFilter, page: Page): Promise<InboxPage>
  /** Throws InboxRefusal, with the decision where there is one. */
  find(entryId: string): Promise<InboxEntry>
  /** Throws InboxRefusal: then nothing was done. */
  settle(asked: SettleAsked): Promise<Settled>
  decisions(
    filter: DecisionFilter,
    page: Page,
  ): Promise<Omit<PageOf<never>, 'rows'> & { decisions: Decision[] }>
  /** Open entries of each kind, at most COUNTED_UP_TO. */
  counts(): Promise<Record<string, number>>
}

export interface InboxDeps {
  database: Database
  sources: readonly AnyInboxSource[]
  /** After a settlement is committed: there may be work. */
  wake: () => void
}

export function createInbox({ database, sources, wake }: InboxDeps): Inbox {
  return {
    kinds: sources.map(({ kind }) => kind),
    async list(filter, page) {
      const [{ entries, next_cursor }, counted] = await Promise.all([
        readOpen(database, sources, filter, page),
        countOpen(database, sources, filter),
      ])
      const asked = [...counted].filter(([kind]) => filter.kinds?.includes(kind) ?? true)
      return {
        entries: entries.map((entry) => shown(sources, entry)),
        counts: capped(counted),
        total: asked.reduce((sum, [, open]) => sum + Math.min(open, COUNTED_UP_TO), 0),
        total_is_estimate: asked.some(([, open]) => open > COUNTED_UP_TO),
        next_cursor,
      }
    },
    async find(entryId) {
      const decision = await findDecision(database, entryId)
      if (decision) {
        const message = `It was settled at ${decision.decided_at}: ${decision.action}. GET inbox/decisions has it.`
        throw new InboxRefusal('entry_not_found', message, { decision })
      }
      return shown(sources, (await mustBeOpen(database, sources, entryId)).entry)
    },
    async settle(asked) {
      const settled = await database.transaction((sql) => settleEntry(sql, sources, asked))
      if (!settled.repeated) wake()
      return settled
    },
    decisions: (filter, page) => listDecisions(database, filter, page),
    counts: async () => capped(await countOpen(database, sources)),
  }
}

const capped = (counts: ReadonlyMap<string, number>) =>
  Object.fromEntries([...counts].map(([kind, open]) => [kind, Math.min(open, COUNTED_UP_TO)]))

function shown(sources: readonly AnyInboxSource[], entry: OpenEntry): InboxEntry {
  const source = sources.find(({ kind }) => kind === entry.kind)
  if (!source) throw new Error(`There is no source of ${entry.kind}.`)
  const { title, details } = source.describe(entry)
  return {
    id: entry.id,
    kind: entry.kind,
    title,
    subjects: entry.subjects,
    since: instantText(entry.since),
    age_seconds: entry.age_seconds,
    due_at: instantText(entry.due_at),
    who: entry.who,
    details,
    actions: actionsOf(source, entry),
    flow_run_id: entry.flow_run_id,
    event_id: entry.event_id,
  }
}

function actionsOf(source: AnyInboxSource, entry: OpenEntry): InboxAction[] {
  return Object.entries(source.actions(entry)).map(([action, { title, input }]) => ({
    action,
    title,
    input: input === undefined ? null : z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }),
  }))
}
