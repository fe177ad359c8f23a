/** The room after everything that was said about it, in the order in which it happened, whenever it was heard. */
import { inOrder } from '../history-order.ts'
import {
  applyChange,
  type RoomChange,
  type RoomRefusal,
  type RoomState,
  sameState,
  statusOf,
  UNKNOWN_ROOM,
} from './room-state.rules.ts'

/** What the hotel's own row said when we looked: it takes the place of all that was before. */
export interface RoomSnapshot {
  word: 'snapshot'
  state: RoomState
}

export interface RoomEntry {
  at: Date
  /** Of the event or act it came with, unique for the room: orders what happened at the same moment. */
  key: string
  by: string | null
  change: RoomChange | RoomSnapshot
  /** It counts as never made. */
  withdrawn?: boolean
  /** What the history says the room was after it. */
  stored?: RoomState
}

/** What one entry did. */
export interface RoomStep {
  from: string
  to: string
  refused: RoomRefusal | null
  state: RoomState
}

/**
 * `base` is the state before the first entry. One step per entry, in their order, up to where the fold comes to what the
 * history says already (`caughtUp`): what is behind that is as it was, here or beyond these entries.
 */
export function foldRoom<Entry extends RoomEntry>(
  base: RoomState = UNKNOWN_ROOM,
  entries: readonly Entry[],
): { state: RoomState; steps: { entry: Entry; step: RoomStep }[]; caughtUp: boolean } {
  const sorted = [...entries].sort(inOrder)
  const lastNew = sorted.findLastIndex(({ stored }) => stored === undefined)
  const steps: { entry: Entry; step: RoomStep }[] = []
  let state = base
  for (const [place, entry] of sorted.entries()) {
    const from = statusOf(state)
    const done = stateAfter(state, entry)
    state = done.state
    steps.push({ entry, step: { from, to: statusOf(state), refused: done.refused ?? null, state } })
    if (place > lastNew && entry.stored && sameState(entry.stored, state)) {
      return { state: sorted.at(-1)?.stored ?? state, steps, caughtUp: true }
    }
  }
  return { state, steps, caughtUp: false }
}

function stateAfter(state: RoomState, entry: RoomEntry): { state: RoomState; refused?: RoomRefusal } {
  const { change, withdrawn } = entry
  if (withdrawn) return { state, refused: 'withdrawn' }
  return change.word === 'snapshot' ? { state: change.state } : applyChange(state, change, entry)
}
