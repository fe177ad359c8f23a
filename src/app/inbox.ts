/** The inbox, put together: what of the platform waits for a person, and what of the hotel. */
import type { Config } from '../config.ts'
import { hotelInbox } from '../hotel/inbox-sources.ts'
import { SIGNALS } from '../hotel/signals.ts'
import { engineActs } from '../platform/engine/durable/durable-engine.ts'
import type { AnySignal } from '../platform/engine/signal.ts'
import { failedRuns } from '../platform/inbox/failed-runs.ts'
import { flaggedRuns } from '../platform/inbox/flagged-runs.ts'
import { createInbox, type Inbox } from '../platform/inbox/inbox.ts'
import { rejectedEvents } from '../platform/inbox/rejected-events.ts'
import { waits } from '../platform/inbox/waits.ts'
import { type IntakeParts, openIntakeWithin } from './event-intake.ts'

/** `signals`: default, the hotel's. */
export function openInbox(
  config: Config,
  parts: IntakeParts,
  signals: ReadonlyMap<string, AnySignal> = signalsByName(),
): Inbox {
  const intake = openIntakeWithin(config, parts)
  const hotel = hotelInbox(engineActs)
  const claimed = hotel.flatMap(({ failures = [] }) => failures)
  const sources = [
    waits(signals, engineActs),
    failedRuns(engineActs, claimed),
    flaggedRuns,
    rejectedEvents((sql, eventId, { decidedBy }, corrected) =>
      intake(sql).replay(eventId, decidedBy, corrected),
    ),
    ...hotel,
  ]
  return createInbox({ database: parts.database, sources, wake: () => parts.wake('*') })
}

export const signalsByName = (): ReadonlyMap<string, AnySignal> =>
  new Map(SIGNALS.map((signal) => [signal.name, signal]))
