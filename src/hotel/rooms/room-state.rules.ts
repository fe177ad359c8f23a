/**
 * What a room is, as independent axes, and what one change makes of it. The hotel's single word for a room (its
 * `status`) is read from the axes. Instants are ISO 8601 UTC texts: a state is stored as JSON.
 */
import type { RoomStatusWord } from './room.event.ts'

const HOUSEKEEPING = ['dirty', 'pickup', 'clean', 'inspected'] as const
const OCCUPANCY = ['vacant', 'occupied'] as const
const MAINTENANCE = ['none', 'out_of_service', 'out_of_order'] as const
const SERVICE = ['none', 'dnd', 'make_up', 'declined'] as const
export type Housekeeping = (typeof HOUSEKEEPING)[number]

/** Stored with every change: never rename a field. */
export interface RoomState {
  housekeeping: Housekeeping
  occupancy: (typeof OCCUPANCY)[number]
  maintenance: (typeof MAINTENANCE)[number]
  /** The guest's wish. */
  service: (typeof SERVICE)[number]
  /** Of maintenance, null without: why, until when it is planned, and what the room is when it ends. */
  reason: string | null
  until: string | null
  return_status: Housekeeping | null
  cleaned_at: string | null
  /** Who said the last thing that counts and gave a name. */
  checked_by: string | null
  /** When the newest change that counts happened; null: nothing changed yet. */
  changed_at: string | null
}

/** One word about the room; the rest is for maintenance only. */
export interface RoomChange {
  word: RoomStatusWord
  reason?: string | null
  until?: string | null
  return_status?: Housekeeping | null
}

/**
 * `occupied`: no maintenance while a guest is in. `not_clean`: dirty is cleaned before it is inspected. `withdrawn`: what
 * it came with turned out not to be so, and the change counts as never made.
 */
export type RoomRefusal = 'occupied' | 'in_maintenance' | 'not_in_maintenance' | 'not_clean' | 'withdrawn'

/** Who said it and when. */
export interface Said {
  at: Date
  by: string | null
}

/** A room nobody has said anything about: never ready for a guest. */
export const UNKNOWN_ROOM: RoomState = {
  housekeeping: 'dirty',
  occupancy: 'vacant',
  maintenance: 'none',
  service: 'none',
  reason: null,
  until: null,
  return_status: null,
  cleaned_at: null,
  checked_by: null,
  changed_at: null,
}

export function sameState(a: RoomState, b: RoomState): boolean {
  return (Object.keys(UNKNOWN_ROOM) as (keyof RoomState)[]).every((field) => a[field] === b[field])
}

/** The room's single word: the strongest of its axes. */
export function statusOf({ maintenance, occupancy, housekeeping }: RoomState): string {
  if (maintenance !== 'none') return maintenance
  return occupancy === 'occupied' ? 'occupied' : housekeeping
}

/** What a room's row says of its state: any column may be empty, or hold words that are not ours. */
export interface RoomColumns {
  status: string | null
  housekeeping: string | null
  occupancy: string | null
  maintenance: string | null
  service: string | null
  return_status: string | null
  maintenance_reason: string | null
  maintenance_until: Date | null
  last_cleaned_at: Date | null
  last_checked_by: string | null
  state_at: Date | null
}

/** The state a row tells. Where its axes and its single word differ, the word is newer: others write only that. */
export function stateOfRow(row: RoomColumns): RoomState {
  const known: RoomState = {
    housekeeping: wordOf(HOUSEKEEPING, row.housekeeping),
    occupancy: wordOf(OCCUPANCY, row.occupancy),
    maintenance: wordOf(MAINTENANCE, row.maintenance),
    service: wordOf(SERVICE, row.service),
    reason: row.maintenance_reason,
    until: row.maintenance_until?.toISOString() ?? null,
    return_status: row.return_status === null ? null : wordOf(HOUSEKEEPING, row.return_status),
    cleaned_at: row.last_cleaned_at?.toISOString() ?? null,
    checked_by: row.last_checked_by,
    changed_at: row.state_at?.toISOString() ?? null,
  }
  return row.status === null ? known : stateFromStatus(row.status, known)
}

/** The first word of an axis is what it is when nobody said so. */
function wordOf<Word extends string>(words: readonly [Word, ...Word[]], text: string | null): Word {
  return words.find((word) => word === text) ?? words[0]
}

/**
 * The axes behind a single word, from what is known otherwise: `known` as it is where it gives that word already.
 * Spelling is forgiven; a word of another vocabulary counts as dirty, since no guest may be sent into a guess.
 */
export function stateFromStatus(status: string, known: RoomState = UNKNOWN_ROOM): RoomState {
  const word = status
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_')
  if (statusOf(known) === word) return known
  if (word === 'occupied') return { ...inService(known), occupancy: 'occupied' }
  const maintenance = MAINTENANCE.find((one) => one === word && one !== 'none')
  if (maintenance)
    return { ...known, maintenance, occupancy: 'vacant', return_status: known.return_status ?? 'dirty' }
  const housekeeping = HOUSEKEEPING.find((one) => one === word) ?? 'dirty'
  return { ...inService(known), occupancy: 'vacant', housekeeping }
}

/** The state after one change, or the same state and why it was refused. */
export function applyChange(
  state: RoomState,
  change: RoomChange,
  { at, by }: Said,
): { state: RoomState; refused?: RoomRefusal } {
  const refused = refusalOf(state, change)
  if (refused) return { state, refused }
  const changed_at = at.toISOString()
  const cleaned = change.word === 'clean' || (change.word === 'inspected' && state.housekeeping === 'pickup')
  const after = moved(state, change)
  return {
    state: {
      ...after,
      cleaned_at: cleaned ? changed_at : after.cleaned_at,
      checked_by: by ?? after.checked_by,
      changed_at,
    },
  }
}

function refusalOf(state: RoomState, { word }: RoomChange): RoomRefusal | undefined {
  switch (word) {
    case 'out_of_service':
    case 'out_of_order':
      return state.occupancy === 'occupied' ? 'occupied' : undefined
    case 'occupied':
      return state.maintenance === 'none' ? undefined : 'in_maintenance'
    case 'in_service':
      return state.maintenance === 'none' ? 'not_in_maintenance' : undefined
    case 'inspected':
      return state.housekeeping === 'dirty' ? 'not_clean' : undefined
    default:
      return undefined
  }
}

function moved(state: RoomState, change: RoomChange): RoomState {
  const { word } = change
  switch (word) {
    case 'dirty':
    case 'pickup':
    case 'clean':
    case 'inspected':
      return { ...state, housekeeping: word }
    case 'occupied':
      return { ...state, occupancy: word }
    case 'vacant':
      return state.occupancy === word ? state : left(state)
    case 'out_of_service':
    case 'out_of_order':
      return {
        ...state,
        maintenance: word,
        reason: change.reason ?? null,
        until: change.until ?? null,
        return_status: change.return_status ?? state.return_status ?? 'dirty',
      }
    case 'in_service':
      return {
        ...inService(state),
        housekeeping: change.return_status ?? state.return_status ?? 'dirty',
      }
    case 'no_wish':
      return { ...state, service: 'none' }
    default:
      return { ...state, service: word }
  }
}

/** A guest leaves a room that has to be made, and takes the wish along. */
function left(state: RoomState): RoomState {
  return { ...state, occupancy: 'vacant', housekeeping: 'dirty', service: 'none' }
}

function inService(state: RoomState): RoomState {
  return { ...state, maintenance: 'none', reason: null, until: null, return_status: null }
}
