import type { Flow } from '../../platform/engine/flow.ts'
import {
  notifyStaffMember,
  type StaffMessage,
  type StaffMessageDeps,
} from '../../platform/notifications/staff-messages.ts'
import { orElse } from '../steps.ts'

/**
 * Notifies them one after another, and returns how many were. Somebody who cannot be reached must not keep the others
 * uninformed, nor end what the run is about.
 */
export async function notifyEach(
  flow: Flow<StaffMessageDeps>,
  messages: readonly StaffMessage[],
): Promise<number> {
  let notified = 0
  for (const message of messages) {
    const { channel } = message
    const outcome = flow.task(notifyStaffMember, message)
    if ((await orElse(flow, outcome, null, 'somebody could not be told', { channel })) !== null) notified += 1
  }
  return notified
}
