/**
 * A booking is what happened to it, in order of time. Events arrive late, twice and out of order; the state is always
 * the fold of all of them, so arrival order never matters. What was not allowed at its place is refused, and kept.
 */

import { type Phase, phaseOf } from '../booking-phase.ts'
import { inBookingOrder } from '../history-order.ts'
import type { BookingEvent, BookingEventType } from './booking.event.ts'

/** What an event may report about a booking; `expected_arrival` as an ISO instant in UTC. */
export type BookingDetails = Pick<
  BookingEvent,
  'guest_data' | 'room_data' | 'payment_status' | 'expected_arrival' | 'vip'
>

export interface BookingState {
  /** 'confirmed', 'checked_in', 'checked_out', 'cancelled', 'no_show'; of the hotel's own rows its own word, or null. */
  status: string | null
  details: BookingDetails
}

/**
 * By this service: `moved`: another room or none; `called_off`: cancelled; `reinstated`: it took its own cancellation back
 * in the property system.
 * `snapshot`: what the hotel's own row said that nobody had reported; null is what another program emptied.
 */
export type BookingAct = BookingEventType | OwnAct | 'snapshot'
type OwnAct = (typeof OWN_ACTS)[number]
const OWN_ACTS = ['moved', 'called_off', 'reinstated'] as const

/** How long after a reinstatement the property system may still date its own event of what was taken back. */
const ECHO_MS = 15 * 60_000

export interface BookingChange {
  /** Milliseconds since the epoch. */
  at: number
  /** Of two at the same time the greater key is the later one. */
  key: string
  act: BookingAct
  details: BookingDetails
  /** Of a snapshot, where it says one. */
  status?: string | null
  /** Taken back by a saga: as if it had never been. */
  undone?: boolean
}

/** What a booking's change means for a room. */
export interface RoomEffect {
  kind: 'occupy' | 'vacate'
  roomNumber: string
  at: number
  /** The same for the same effect of the same change: applied once. */
  key: string
  /** What is known now says that it never was. */
  withdrawn?: boolean
}

export interface BookingFold {
  /** Undefined: nothing is known of the booking. */
  state: BookingState | undefined
  /** Reason by the change's key. */
  refused: Map<string, string>
  effects: RoomEffect[]
  /** Of the newest change that counts; 0: there is none. */
  changedAt: number
  /** When the guest's own data was reported last; undefined: never by an event. */
  guestReportedAt: number | undefined
}

/** A booking as far as a move or a cancellation needs it. */
export interface BookingToChange {
  phase: Phase
  roomNumber: string | null
}

/** Phases a change may find the booking in. One that is there already changes nothing, and is not refused. */
const ANY: readonly Phase[] = ['open', 'checked_in', 'checked_out', 'cancelled', 'no_show']
const ALLOWED: Record<BookingAct, readonly Phase[]> = {
  snapshot: ANY,
  new_booking: ['open'],
  modified: ANY,
  moved: ['open', 'checked_in'],
  reinstated: ['open', 'cancelled'],
  cancelled: ['open', 'cancelled'],
  called_off: ['open', 'cancelled'],
  no_show: ['open', 'no_show'],
  // A guest who was given up may still arrive.
  checked_in: ['open', 'no_show', 'checked_in'],
  checked_out: ['checked_in', 'checked_out'],
}

/**
 * When a change takes place, in milliseconds since the epoch. What the service does itself comes after all that is known:
 * a property system whose clock is ahead dates what we build on after our now.
 */
export function dateOf(act: BookingAct, at: number, known: readonly Pick<BookingChange, 'at'>[]): number {
  if (!OWN_ACTS.some((own) => own === act)) return at
  return Math.max(at, ...known.map((change) => change.at + 1))
}

/** The state after all changes, whatever order they are given in. */
export function foldBooking(changes: readonly BookingChange[]): BookingFold {
  const fold: BookingFold = {
    state: undefined,
    refused: new Map(),
    effects: [],
    changedAt: 0,
    guestReportedAt: undefined,
  }
  let reinstatedAt: number | undefined
  for (const change of changes.filter(({ undone }) => !undone).sort(inBookingOrder)) {
    const refusal = refusalOf(change, phaseOf(fold.state?.status), reinstatedAt)
    if (refusal !== undefined) {
      fold.refused.set(change.key, refusal)
      if (change.act === 'new_booking' && fold.state) fillIn(fold, fold.state, change)
      continue
    }
    if (change.act === 'reinstated') reinstatedAt = change.at
    const next = after(fold.state, change)
    // What the hotel's own programs did, they did in its rooms too.
    if (change.act !== 'snapshot') fold.effects.push(...effectsOf(fold.state, next, change))
    fold.state = next
    fold.changedAt = change.at
    if (change.act !== 'snapshot' && change.details.guest_data) fold.guestReportedAt = change.at
  }
  return fold
}

function refusalOf(
  { act, at }: BookingChange,
  phase: Phase,
  reinstatedAt: number | undefined,
): string | undefined {
  if (!ALLOWED[act].includes(phase)) return phase === 'open' ? 'not_checked_in' : `already_${phase}`
  if (act === 'cancelled' && reinstatedAt !== undefined && at - reinstatedAt <= ECHO_MS) return 'taken_back'
  return undefined
}

/** Who comes, when and for how much nothing else may report: of a refused new booking counts what was not reported otherwise. */
function fillIn(fold: BookingFold, known: BookingState, change: BookingChange): void {
  const next = { status: known.status, details: merge(change.details, known.details) }
  fold.effects.push(...effectsOf(known, next, change))
  fold.state = next
  if (change.details.guest_data) fold.guestReportedAt ??= change.at
}

function after(state: BookingState | undefined, change: BookingChange): BookingState {
  const details = merge(state?.details ?? {}, change.details)
  // Nobody will come: the room is free for others.
  if (change.act === 'cancelled' || change.act === 'called_off' || change.act === 'no_show') {
    details.room_data = { ...details.room_data, room_number: null }
  }
  return { status: statusAfter(state, change), details }
}

function statusAfter(state: BookingState | undefined, { act, status }: BookingChange): string | null {
  switch (act) {
    case 'snapshot':
      return status === undefined ? (state?.status ?? null) : status
    case 'modified':
    case 'moved':
      return state ? state.status : 'confirmed'
    case 'new_booking':
      return 'confirmed'
    case 'called_off':
      return 'cancelled'
    case 'reinstated':
      return state && phaseOf(state.status) === 'open' ? state.status : 'confirmed'
    default:
      return act
  }
}

/** What is reported replaces what was known; what is not stays. Another guest begins with a clean sheet. */
function merge(known: BookingDetails, reported: BookingDetails): BookingDetails {
  const otherGuest =
    reported.guest_data?.guest_id !== undefined &&
    known.guest_data?.guest_id !== undefined &&
    reported.guest_data.guest_id !== known.guest_data.guest_id
  return {
    ...known,
    ...defined(reported),
    guest_data: { ...(otherGuest ? {} : known.guest_data), ...defined(reported.guest_data ?? {}) },
    room_data: { ...known.room_data, ...defined(reported.room_data ?? {}) },
  }
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T
}

export const roomOf = (state: BookingState | undefined): string | undefined =>
  state?.details.room_data?.room_number ?? undefined

function effectsOf(
  before: BookingState | undefined,
  next: BookingState,
  change: BookingChange,
): RoomEffect[] {
  const was = roomOf(before)
  const is = roomOf(next)
  const wasIn = phaseOf(before?.status) === 'checked_in'
  const isIn = phaseOf(next.status) === 'checked_in'
  const effects: RoomEffect[] = []
  const add = (kind: RoomEffect['kind'], roomNumber: string) =>
    effects.push({ kind, roomNumber, at: change.at, key: `${change.key}:${kind}:${roomNumber}` })
  if (wasIn && was !== undefined && (!isIn || is !== was)) add('vacate', was)
  if (isIn && is !== undefined && (!wasIn || is !== was)) add('occupy', is)
  return effects
}

/**
 * What is to be done in rooms now that a change came in: the effects that are new, then those that an older event made
 * untrue, which are withdrawn. In this order a room that stays occupied is never shown vacant in between.
 */
export function newEffects(before: readonly RoomEffect[], now: readonly RoomEffect[]): RoomEffect[] {
  const known = new Set(before.map(({ key }) => key))
  const still = new Set(now.map(({ key }) => key))
  return [
    ...now.filter(({ key }) => !known.has(key)),
    ...before.filter(({ key }) => !still.has(key)).map((effect) => ({ ...effect, withdrawn: true })),
  ]
}

/** Whether the guest should be notified of a modification: other days, or another kind of room. */
export function concernsGuest(before: BookingState | undefined, now: BookingState): boolean {
  const was = before?.details.room_data ?? {}
  const is = now.details.room_data ?? {}
  const differs = (field: 'check_in' | 'check_out' | 'room_type') =>
    (was[field] ?? null) !== (is[field] ?? null)
  return differs('check_in') || differs('check_out') || differs('room_type')
}
