/** What becomes of an event in the audit trail. */
import { randomUUID } from 'node:crypto'
import { type IncomingEvent, LONGEST_EVENT_KEY } from '../contract/intake.ts'
import { storable } from '../contract/unstorable-text.ts'
import { eventIdFor } from '../engine/ids.ts'
import type { TimedEvent } from './define-event.ts'
import type { NewEvent } from './event-writes.ts'

export type WrittenEvent = IncomingEvent & { text: string }

/** An id that no repeat comes to. */
export const newEventId = () => eventIdFor('random', randomUUID())

export function acceptedRow(
  incoming: Omit<WrittenEvent, 'source' | 'body'> & { source: NewEvent['source'] },
  id: string,
  event: TimedEvent,
): NewEvent {
  return {
    ...emptyRow(incoming),
    id,
    status: 'accepted',
    body: incoming.text,
    occurred_at: event.timestamp,
  }
}

/** Under an id of its own: the same may be refused again. */
export function rejectedRow(incoming: Omit<IncomingEvent, 'body' | 'text'>): NewEvent {
  const senderKey =
    incoming.senderKey === undefined ? null : storable(incoming.senderKey.slice(0, LONGEST_EVENT_KEY))
  return { ...emptyRow(incoming), id: newEventId(), sender_key: senderKey, status: 'rejected' }
}

function emptyRow(incoming: { kind: string; source: NewEvent['source']; receivedFrom?: string | undefined }) {
  return {
    kind: incoming.kind,
    source: incoming.source,
    received_from: incoming.receivedFrom ?? null,
    sender_key: null,
    body_hash: null,
    occurred_at: null,
    body: null,
    raw: null,
    reason: null,
    errors: null,
    runs: [],
    subjects: [],
    replay_of: null,
  } satisfies Omit<NewEvent, 'id' | 'status'>
}
