/** Reading lists that change while they are read. */
import { TryAgain } from '../../../platform/engine/errors.ts'
import type { Reservation } from './property-system.ts'

export interface Page<Row> {
  rows: Row[]
  /** How many the whole list has, as far as the service tells. */
  total: number | undefined
}
/** Pages are counted from 1. */
export type ReadPage<Row> = (page: number) => Promise<Page<Row>>

/** A pass reads on until everything has been seen; so many passes that each find the list changed, and it is given up. */
const MOST_PASSES = 5

/**
 * Every reservation of a list once, the newest version of it. Whoever changes a reservation meanwhile takes it out of
 * the list or to another place in it, and all behind it move: one read twice is one kept, one that slipped onto a page
 * already read is found by reading again. Nothing is given out before the list is complete, since its newest version may
 * come last. Throws TryAgain `<service>_unsettled` when it never holds still.
 */
export async function* eachReservation(
  service: string,
  read: ReadPage<Reservation>,
): AsyncIterable<Reservation> {
  const newest = new Map<string, Reservation>()
  for (let pass = 1; ; pass++) {
    const known = newest.size
    const seen = await readPass(
      read,
      ({ bookingId }) => bookingId,
      (row) => keepNewest(newest, row),
    )
    // A service that counts otherwise than it lists never looks complete: a second look that finds nothing else will do.
    const foundNothingElse = pass > 1 && newest.size === known && !seen.shrank
    if (seen.complete || foundNothingElse) break
    if (pass === MOST_PASSES) {
      const message = `The list of reservations in "${service}" changed each of the ${MOST_PASSES} times it was read.`
      throw new TryAgain(`${service}_unsettled`, message)
    }
  }
  yield* newest.values()
}

/** All rows of a list that holds still, or that is read again soon anyway; each once. */
export async function readEach<Row>(read: ReadPage<Row>, idOf: (row: Row) => string): Promise<Row[]> {
  const rows = new Map<string, Row>()
  await readPass(read, idOf, (row) => rows.set(idOf(row), row))
  return [...rows.values()]
}

function keepNewest(newest: Map<string, Reservation>, row: Reservation): void {
  const known = newest.get(row.bookingId)
  // Read later wins a draw: some systems tell whole seconds.
  if (!known || Date.parse(row.modifiedAt) >= Date.parse(known.modifiedAt)) newest.set(row.bookingId, row)
}

interface Pass {
  /** As many were seen as the service says there are, or, where it does not say, none was seen twice. */
  complete: boolean
  /** The list got shorter on the way: something may have slipped past. */
  shrank: boolean
}

/** Asks on until the list is over; a short page does not end it: services cap pages below what was asked for. */
async function readPass<Row>(
  read: ReadPage<Row>,
  idOf: (row: Row) => string,
  take: (row: Row) => void,
): Promise<Pass> {
  const seen = new Set<string>()
  let rowsRead = 0
  let most = 0
  let shrank = false
  for (let page = 1; ; page++) {
    const { rows, total } = await read(page)
    const before = seen.size
    for (const row of rows) {
      seen.add(idOf(row))
      take(row)
    }
    rowsRead += rows.length
    shrank ||= (total ?? 0) < most
    most = Math.max(most, total ?? 0)
    // A page without anything new also ends it: some services answer the last page for every page behind it.
    if (seen.size > before && (total === undefined || rowsRead < total)) continue
    const complete = total === undefined ? seen.size === rowsRead : seen.size >= total
    return { complete: complete && !shrank, shrank }
  }
}
