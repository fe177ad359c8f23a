import { FlowFailure } from '../../platform/engine/errors.ts'
import type { Flow } from '../../platform/engine/flow.ts'
import type { StaffMessageDeps } from '../../platform/notifications/staff-messages.ts'
import type { HotelDeps } from '../deps.ts'
import { alertDutyManager, type HalfUndone } from '../messages/saga-alerts.tasks.ts'

/** What could not be taken back goes to the duty manager; the run fails with it all the same. */
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
