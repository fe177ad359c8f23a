/** The one way in which the service changes a booking. */

import type { Sql } from '../../platform/postgres/sql.ts'
import { phaseOf } from '../booking-phase.ts'
import { BEGINNING, inBookingOrder, placeOfSnapshot } from '../history-order.ts'
import { inHotelTable } from '../hotel-tables.ts'
import {
  type BookingAct,
  type BookingChange,
  type BookingDetails,
  type BookingFold,
  concernsGuest,
  dateOf,
  foldBooking,
  newEffects,
  type RoomEffect,
} from './booking.rules.ts'
import type { BookingColumns } from './booking-columns.sql.ts'
import { type BookingFacts, columnsOf, factsOf, newsIn } from './booking-columns.tasks.ts'
import {
  insertBooking,
  insertBookingHistory,
  type KnownBooking,
  readBooking,
  setBookingRefusal,
  showChurnRisk,
  updateBooking,
  upsertGuest,
} from './bookings.sql.ts'

export interface BookingChangeRequest {
  bookingId: string
  /** When it happened; what the service does itself is put after all that is known (`dateOf`). */
  at: Date
  /** Applied once. */
  key: string
  act: Exclude<BookingAct, 'snapshot'>
  details: BookingDetails
  runId: string
}

/** A booking after a change. Plain JSON, without the guest's data: it is checkpointed. */
export interface BookingOnRecord extends BookingFacts {
  bookingId: string
  /** The change's place in the booking's history. */
  changeKey: string
  applied: boolean
  /** Why it was not applied: `already_cancelled`, `not_checked_in`, `taken_back`, ... */
  refused: string | null
  /** By all else that is known. */
  phaseBefore: BookingFacts['phase']
  /** What is to be done in rooms now. A repeat of the same change names them again. */
  effects: RoomEffect[]
  /** Other days or another kind of room than before. */
  concernsGuest: boolean
}

const UNDONE = 'undone'

/**
 * Puts one change in its place among all that is known of the booking, and makes the row what it then is. To be called
 * inside a transaction that holds the booking's lock. A repeat of the same key changes nothing. What is not allowed at its
 * place is kept with its reason and throws nothing. A row of the hotel's own, and what another program wrote since our
 * newest change, is taken on record as a 'snapshot'.
 */
export async function applyBookingChange(sql: Sql, asked: BookingChangeRequest): Promise<BookingOnRecord> {
  const { bookingId, key, runId } = asked
  const { changes, ...booking } = await readUpToDate(sql, bookingId, runId)
  const others = changes.filter((change) => change.key !== key)
  const known = changes.find((change) => change.key === key)
  const { act, details } = asked
  const own = known ?? { at: dateOf(act, asked.at.getTime(), changes), key, act, details }
  const before = foldBooking(others)
  const now = foldBooking([...others, own])
  const refused = own.undone ? UNDONE : (now.refused.get(key) ?? null)
  if (!known) {
    await keep(sql, bookingId, own, refused, runId)
    await settle(sql, bookingId, booking, now)
  }
  return {
    bookingId,
    changeKey: key,
    applied: refused === null,
    refused,
    phaseBefore: phaseOf(before.state?.status),
    ...factsOf(now.state),
    effects: newEffects(before.effects, now.effects),
    concernsGuest: now.state !== undefined && concernsGuest(before.state, now.state),
  }
}

/** What the booking means for rooms, by all that is on record now. */
export async function effectsOnRecord(sql: Sql, bookingId: string): Promise<RoomEffect[]> {
  const { history } = await readBooking(sql, bookingId)
  return foldBooking(changesOf(history)).effects
}

/**
 * Takes a saga's change back: as if it had never been. A change that was never recorded needs nothing. To be called like
 * `applyBookingChange`.
 */
export async function undoBookingChange(
  sql: Sql,
  { bookingId, key, runId }: Pick<BookingChangeRequest, 'bookingId' | 'key' | 'runId'>,
): Promise<void> {
  const { changes, ...booking } = await readUpToDate(sql, bookingId, runId)
  const change = changes.find((one) => one.key === key)
  if (!change || change.undone) return
  await setBookingRefusal(sql, bookingId, key, UNDONE)
  await settle(sql, bookingId, booking, foldBooking(changes.filter((one) => one !== change)))
}

/** With what another program wrote since our newest change, which is taken on record. */
async function readUpToDate(
  sql: Sql,
  bookingId: string,
  runId: string,
): Promise<KnownBooking & { changes: BookingChange[] }> {
  const known = await readBooking(sql, bookingId)
  const changes = changesOf(known.history)
  const news = snapshotOf(known.row, changes)
  if (!news) return { ...known, changes }
  await keep(sql, bookingId, news, null, runId)
  return { ...known, changes: [...changes, news] }
}

function keep(
  sql: Sql,
  bookingId: string,
  { at, key, act, details, status }: BookingChange,
  refused: string | null,
  runId: string,
): Promise<void> {
  const change = act === 'snapshot' ? { ...details, status } : details
  return insertBookingHistory(sql, { bookingId, at: new Date(at), key, act, change, refused, runId })
}

/** Oldest first. */
function changesOf(history: KnownBooking['history']): BookingChange[] {
  const changes = history.map(({ at, key, act, change, refused }) => {
    const { status, ...details } = change as BookingDetails & Pick<BookingChange, 'status'>
    const undone = refused === UNDONE
    return { at, key, act: act as BookingAct, details, undone, ...(status === undefined ? {} : { status }) }
  })
  return changes.sort(inBookingOrder)
}

/** What another program wrote since our newest change, if anything. */
function snapshotOf(
  row: BookingColumns | null,
  changes: readonly BookingChange[],
): BookingChange | undefined {
  const news = row && newsIn(row, foldBooking(changes).state)
  if (!news) return undefined
  return { ...placeOfSnapshot(changes.at(-1), BEGINNING), act: 'snapshot', ...news }
}

/** Brings the row, the guest and the verdicts on older changes in line with the fold. */
async function settle(sql: Sql, id: string, { row, history }: KnownBooking, now: BookingFold): Promise<void> {
  for (const { key, refused } of history) {
    const verdict = now.refused.get(key) ?? null
    if (refused !== UNDONE && refused !== verdict) await setBookingRefusal(sql, id, key, verdict)
  }
  if (!now.state) return
  const { guest_id: guestId, ...reported } = now.state.details.guest_data ?? {}
  // The guest first: a hotel's bookings may refer to its guests.
  if (guestId !== undefined && now.guestReportedAt !== undefined) {
    await inHotelTable('guests', upsertGuest(sql, guestId, reported, new Date(now.guestReportedAt)))
  }
  const [columns, at] = [columnsOf(now.state), new Date(now.changedAt)]
  if (row) return inHotelTable('bookings', updateBooking(sql, id, row, columns, at))
  await inHotelTable('bookings', insertBooking(sql, id, columns, at))
  await showChurnRisk(sql, id)
}
