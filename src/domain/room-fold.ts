/** The room after everything that was said about it, in the order in which it happened, whenever it was heard. */
import { inOrder } from './history-order.ts'
import {
  applyChange,
  type RoomChange,
  type RoomRefusal,
  type RoomState,
  statusOf,
  UNKNOWN_ROOM,
} from './room-state.ts'

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
}

/** What one entry did. */
export interface RoomStep {
  from: string
  to: string
  refused: RoomRefusal | null
  state: RoomState
}

/** `base` is the state before the first entry. One step per entry, in their order. */
export function foldRoom<Entry extends RoomEntry>(
  base: RoomState = UNKNOWN_ROOM,
  entries: readonly Entry[],
): { state: RoomState; steps: { entry: Entry; step: RoomStep }[] } {
  let state = base
  const steps = [...entries].sort(inOrder).map((entry) => {
    const from = statusOf(state)
    const { change } = entry
    const done = change.word === 'snapshot' ? { state: change.state } : applyChange(state, change, entry)
    state = done.state
    return { entry, step: { from, to: statusOf(state), refused: done.refused ?? null, state } }
  })
  return { state, steps }
}
