import type { z } from 'zod'
import type { Flow } from '../../platform/engine/flow.ts'
import { orElse } from '../steps.ts'
import type { GuestMessageDeps } from './guest-messages.tasks.ts'
import type { GuestNotificationOutcome, GuestNotificationRequest } from './guest-notification.parameters.ts'
import { sendGuestNotification } from './send-guest-notification.flow.ts'

/** What the run is about is done, or goes on: a message that cannot be sent is a failed run of its own, not this one's end. */
export async function notifyGuest(
  flow: Flow<GuestMessageDeps>,
  message: z.input<typeof GuestNotificationRequest>,
): Promise<GuestNotificationOutcome['status']> {
  const { template, subject_key } = message
  const sent = flow.child(sendGuestNotification, message)
  const outcome = await orElse(flow, sent, null, 'the guest could not be told', { template, subject_key })
  return outcome?.status ?? 'failed'
}
