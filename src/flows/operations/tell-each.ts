import { TaskFailed } from '../../engine/errors.ts'
import type { Flow } from '../../engine/flow.ts'
import { type StaffMessage, type StaffMessageDeps, tellStaff } from '../../tasks/staff-messages.ts'

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
    try {
      await flow.task(tellStaff, message)
      told += 1
    } catch (error) {
      if (!(error instanceof TaskFailed)) throw error
      flow.log('somebody could not be told', { channel: message.channel, code: error.code })
    }
  }
  return told
}
