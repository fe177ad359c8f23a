/** The order of what happened to a booking or a room, whenever it was heard, and the place of what nobody dated. */

/** Before anything a sender can date (`platform/contract/instant.ts`). Milliseconds since the epoch. */
export const BEGINNING = Date.UTC(1900, 0, 1)

/** `at` as a Date or in milliseconds since the epoch. */
interface Place<At extends Date | number> {
  at: At
  key: string
}

/**
 * Earlier first; at the same moment by key, so that every order of arrival ends the same. `rooms.sql.ts` sorts rows by
 * `at, key collate "C"` and the two must agree: within one history keys differ in ASCII only, where code units and
 * bytes have one order.
 */
export function inOrder(a: Place<Date | number>, b: Place<Date | number>): number {
  return Number(a.at) - Number(b.at) || compareText(a.key, b.key)
}

/** The same, but that a booking is made before all that happens to it: a property system may date both in whole seconds. */
export function inBookingOrder(
  a: Place<number> & { act: string },
  b: Place<number> & { act: string },
): number {
  const later = ({ act }: { act: string }) => Number(act !== 'new_booking')
  return a.at - b.at || later(a) - later(b) || inOrder(a, b)
}

/**
 * Where a snapshot of the hotel's own row goes: nobody knows when another program wrote it, but after our newest change
 * it was (`~` is behind all that a key goes on with). `first`: when nothing is on record yet.
 */
export function placeOfSnapshot<At extends Date | number>(
  newest: Place<At> | undefined,
  first: At,
): Place<At> {
  return newest ? { at: newest.at, key: `${newest.key}~` } : { at: first, key: 'snapshot' }
}
/** By code unit: the same on every machine, whatever its language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
