/** When a booking may be cancelled, and what to say when not. */
import type { BookingToChange } from './booking.rules.ts'

export type CancelRefusal =
  | 'booking_not_found'
  | 'already_cancelled'
  | 'already_being_cancelled'
  | 'guest_is_checked_in'
  | 'booking_is_closed'
  | 'refund_exceeds_total'
  | 'not_in_property_system'
  | 'booking_changed'

const SENTENCES: Record<CancelRefusal, string> = {
  booking_not_found: 'There is no such booking.',
  already_cancelled: 'The booking is cancelled already.',
  already_being_cancelled: 'Another run is cancelling the booking, or has done so.',
  guest_is_checked_in: 'The guest is in the house: check out instead.',
  booking_is_closed: 'The guest has left, or did not come.',
  refund_exceeds_total: 'The refund, with what is paid back already, is more than the booking costs.',
  not_in_property_system: 'The property system does not know this booking.',
  booking_changed: 'The booking was changed while it was cancelled.',
}

export const refusalInWords = (refusal: CancelRefusal): string => SENTENCES[refusal]

/** `property`: its status there; null: not known there, undefined: there is no property system. */
export function refusalToCancel(
  booking: (BookingToChange & { totalAmount: number | null }) | undefined,
  refundAmount: number,
  property: { status: string } | null | undefined,
): CancelRefusal | undefined {
  if (!booking) return 'booking_not_found'
  if (booking.phase === 'cancelled') return 'already_cancelled'
  if (booking.phase === 'checked_in' || property?.status === 'checked_in') return 'guest_is_checked_in'
  if (booking.phase !== 'open') return 'booking_is_closed'
  if (property === null) return 'not_in_property_system'
  // What a booking of unknown price may give back, a person decides.
  if (booking.totalAmount !== null && refundAmount > booking.totalAmount) return 'refund_exceeds_total'
  return undefined
}
