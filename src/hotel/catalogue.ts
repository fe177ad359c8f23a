/** Every flow of the service: the table of contents. */
import type { FlowFor } from '../platform/engine/flow.ts'
import type { ChannelDeps } from '../platform/notifications/deps.ts'
import { handleAnomaly } from './anomalies/handle-anomaly.flow.ts'
import type { AttendanceDeps } from './attendance/attendance.tasks.ts'
import { processAttendance } from './attendance/process-attendance.flow.ts'
import { cancelBooking } from './bookings/cancel-booking.flow.ts'
import { checkInGuest } from './bookings/check-in-guest.flow.ts'
import { checkOutGuest } from './bookings/check-out-guest.flow.ts'
import { generateConfirmationEmail } from './bookings/generate-confirmation-email.flow.ts'
import { moveGuestRoom } from './bookings/move-guest-room.flow.ts'
import { releaseBooking } from './bookings/release-booking.flow.ts'
import { updateBooking } from './bookings/update-booking.flow.ts'
import type { DatabaseDeps, HotelDeps, OutsideDeps, StorageDeps } from './deps.ts'
import { handleGuestRequest } from './guest-requests/handle-guest-request.flow.ts'
import { assignCleaning } from './housekeeping/assign-cleaning.flow.ts'
import { sendGuestNotification } from './messages/send-guest-notification.flow.ts'
import type { TemplateDeps } from './messages/templates.ts'
import { predictChurnRisk } from './predictions/predict-churn-risk.flow.ts'
import { updatePredictions } from './predictions/update-predictions.flow.ts'
import { updateRecommendations } from './predictions/update-recommendations.flow.ts'
import { checkGuestWaiting } from './rooms/check-guest-waiting.flow.ts'
import { updateRoomStatus } from './rooms/update-room-status.flow.ts'
import { updateRoomStatusDbFlow } from './rooms/update-room-status-db.flow.ts'

/** What the composition root gives to the flows: all that any of them needs. */
export type ServiceDeps = AttendanceDeps &
  DatabaseDeps &
  HotelDeps &
  OutsideDeps &
  ChannelDeps &
  TemplateDeps &
  StorageDeps

/** A flow that needs more than `ServiceDeps` does not compile here. */
export const FLOWS: readonly FlowFor<ServiceDeps>[] = [
  processAttendance,
  updateRoomStatus,
  updateRoomStatusDbFlow,
  checkGuestWaiting,
  assignCleaning,
  handleGuestRequest,
  sendGuestNotification,
  predictChurnRisk,
  generateConfirmationEmail,
  updateRecommendations,
  updateBooking,
  releaseBooking,
  checkInGuest,
  checkOutGuest,
  moveGuestRoom,
  cancelBooking,
  updatePredictions,
  handleAnomaly,
]
