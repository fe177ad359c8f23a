import { isOutage } from '../../postgres/outage.ts'
import { OwnershipLost } from '../journal.ts'
import { pause } from '../pause.ts'
import type { RunControl } from '../run-control.ts'

/**
 * Does it until the database answers: while it is away nothing could be recorded anyway, so a run pauses rather than
 * fails. Ends when the run is lost; with `untilCancelled` also when it is cancelled, with the last error. `act` may be
 * repeated after an answer that was lost on its way back.
 */
export async function patiently<T>(
  control: RunControl,
  act: () => Promise<T>,
  { untilCancelled = false } = {},
): Promise<T> {
  for (let delay = 100; ; delay = Math.min(delay * 2, 2_000)) {
    try {
      return await act()
    } catch (error) {
      if (!isOutage(error)) throw error
      if (control.lost) throw new OwnershipLost()
      if (untilCancelled && control.cancelled) throw error
      await pause(delay * (0.5 + Math.random()))
      if (control.lost) throw new OwnershipLost()
    }
  }
}
