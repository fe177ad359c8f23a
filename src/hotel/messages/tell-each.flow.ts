import type { Flow } from '../../platform/engine/flow.ts'
import {
  type StaffMessage,
  type StaffMessageDeps,
  tellStaff,
} from '../../platform/notifications/staff-messages.ts'
import { orElse } from '../steps.ts'

/**
 * Tells them one after another, and answers how many were told. Somebody who cannot be reached must not keep the others
 * uninformed, nor end what the run is about.
 */
export async function tellEach(
  flow: Flow<StaffMessageDeps>,
  messages: readonly StaffMessage[],
): Promise<number> {
  let told = 0
  for (const message of messages) {
    const { channel } = message
    const outcome = flow.task(tellStaff, message)
    if ((await orElse(flow, outcome, null, 'somebody could not be told', { channel })) !== null) told += 1
  }
  return told
}
