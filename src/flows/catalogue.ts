/** Every flow of the service: the table of contents. */
import type { FlowFor } from '../engine/flow.ts'
import type { AttendanceDeps } from '../tasks/attendance/attendance.ts'
import type { ChannelDeps, HotelDeps, OutsideDeps, StorageDeps, UndoDeps } from '../tasks/deps.ts'
import { processAttendance } from './attendance/process-attendance.ts'
import { cancelBooking } from './bookings/cancel-booking.ts'
import { checkInGuest } from './bookings/check-in-guest.ts'
import { checkOutGuest } from './bookings/check-out-guest.ts'
import { generateConfirmationEmail } from './bookings/generate-confirmation-email.ts'
import { moveGuestRoom } from './bookings/move-guest-room.ts'
import { predictChurnRisk } from './bookings/predict-churn-risk.ts'
import { releaseBooking } from './bookings/release-booking.ts'
import { updateBooking } from './bookings/update-booking.ts'
import { updateRecommendations } from './bookings/update-recommendations.ts'
import { handleGuestRequest } from './guests/handle-guest-request.ts'
import { sendGuestNotification } from './guests/send-guest-notification.ts'
import { updatePredictions } from './ml/update-predictions.ts'
import { handleAnomaly } from './operations/handle-anomaly.ts'
import { assignCleaning } from './rooms/assign-cleaning.ts'
import { checkGuestWaiting } from './rooms/check-guest-waiting.ts'
import { updateRoomStatus } from './rooms/update-room-status.ts'
import { updateRoomStatusDbFlow } from './rooms/update-room-status-db.ts'

/** What the composition root gives to the flows: all that any of them needs. */
export type ServiceDeps = AttendanceDeps & UndoDeps & HotelDeps & OutsideDeps & ChannelDeps & StorageDeps

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
