/** What of the hotel waits for a person, kind by kind: the table of contents. */
import type { AnyInboxSource, EngineActs } from '../platform/inbox/inbox-source.ts'
import { attendanceReviews } from './attendance/attendance-review.inbox.ts'
import { refundRequests } from './bookings/refund-request.inbox.ts'
import { unknownRooms } from './rooms/unknown-room.inbox.ts'

export function hotelInbox(engine: EngineActs): readonly AnyInboxSource[] {
  return [attendanceReviews(engine), unknownRooms(engine), refundRequests]
}
