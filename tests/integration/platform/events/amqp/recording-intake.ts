import { vi } from 'vitest'
import type { AcceptedEvent, IncomingEvent, Intake } from '../../../../../src/platform/contract/intake.ts'

export type Rejection = Parameters<Intake['reject']>[0]

/** Remembers what it was offered; `decide` may throw or take its time. */
export interface RecordingIntake extends Intake {
  offered: IncomingEvent[]
  accepted: IncomingEvent[]
  rejected: Rejection[]
  waitForAccepted(count: number): Promise<void>
}

export function recordingIntake(
  decide: (event: IncomingEvent) => Promise<void> | void = () => {},
): RecordingIntake {
  const offered: IncomingEvent[] = []
  const accepted: IncomingEvent[] = []
  const rejected: Rejection[] = []
  return {
    offered,
    accepted,
    rejected,
    async accept(event): Promise<AcceptedEvent> {
      offered.push(event)
      await decide(event)
      accepted.push(event)
      return { eventId: `evt_${accepted.length}`, runs: [], replayed: false }
    },
    async reject(event) {
      return `evt_rejected_${rejected.push(event)}`
    },
    async replay() {
      return undefined
    },
    waitForAccepted: (count) =>
      vi.waitFor(
        () => {
          if (accepted.length < count) throw new Error(`${accepted.length} of ${count} events accepted`)
        },
        { timeout: 20_000, interval: 10 },
      ),
  }
}
