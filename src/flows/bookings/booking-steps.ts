/** What the flows of bookings have in common. */
import type { BookingEvent } from '../../contract/booking-event.ts'
import type { GuestNotificationOutcome, GuestTemplate } from '../../contract/guest-notification.ts'
import { FlowFailure, TaskFailed } from '../../engine/errors.ts'
import type { Flow } from '../../engine/flow.ts'
import type { BookingOnRecord } from '../../tasks/booking-changes.ts'
import { recordBooking, settleRoom } from '../../tasks/bookings.ts'
import type { HotelDeps } from '../../tasks/deps.ts'
import type { GuestMessageDeps } from '../../tasks/guest-messages.ts'
import { alertDutyManager, type HalfUndone } from '../../tasks/saga-alerts.ts'
import type { StaffMessageDeps } from '../../tasks/staff-messages.ts'
import { sendGuestNotification } from '../guests/send-guest-notification.ts'

export const bookingSubjects = ({ booking_id, guest_data, room_data }: BookingEvent): string[] => [
  `booking:${booking_id}`,
  ...(guest_data?.guest_id === undefined ? [] : [`guest:${guest_data.guest_id}`]),
  ...(room_data?.room_number == null ? [] : [`room:${room_data.room_number}`]),
]

/** The event takes its place in the booking's history, and the rooms follow. */
export async function recordAndSettle(flow: Flow<HotelDeps>, event: BookingEvent): Promise<BookingOnRecord> {
  const booking = await flow.task(recordBooking, event)
  for (const effect of booking.effects) {
    await flow.task(settleRoom, { ...effect, bookingId: booking.bookingId })
  }
  return booking
}

interface Message {
  template: GuestTemplate
  booking_id: string
  subject_key?: string
  variables?: Record<string, string>
}

/** The booking's own business is done: a message that cannot be sent is a failed run of its own, not this one's end. */
export async function tellGuest(
  flow: Flow<GuestMessageDeps>,
  message: Message,
): Promise<GuestNotificationOutcome['status']> {
  try {
    return (await flow.child(sendGuestNotification, message)).status
  } catch (error) {
    if (!(error instanceof TaskFailed)) throw error
    flow.log('the guest could not be told', { template: message.template, code: error.code })
    return 'failed'
  }
}

/** What could not be taken back is told to the duty manager; the run fails with it all the same. */
export async function orAlert<T>(
  flow: Flow<StaffMessageDeps & HotelDeps>,
  saga: Promise<T>,
  about: HalfUndone,
): Promise<T> {
  try {
    return await saga
  } catch (error) {
    if (!(error instanceof FlowFailure) || error.code !== 'saga_undo_failed') throw error
    // Also of a run that was cancelled: what it failed of must not be hidden by what came after.
    await flow.task(alertDutyManager, about).catch(() => flow.log('the duty manager could not be told'))
    throw error
  }
}

/** What the run of an event answers. `guest_told`: null where there was nothing to tell. */
export function outcomeOf(
  { bookingId, applied, refused, phase, effects }: BookingOnRecord,
  guestTold: GuestNotificationOutcome['status'] | null = null,
) {
  return {
    booking_id: bookingId,
    status: applied ? ('completed' as const) : ('refused' as const),
    refused,
    booking: phase,
    rooms: effects.map(({ roomNumber, kind }) => ({ room_number: roomNumber, change: kind })),
    guest_told: guestTold,
  }
}
