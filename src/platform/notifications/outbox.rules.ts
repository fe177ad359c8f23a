import type { Notification } from '../contract/notification.ts'

/** A message's row in the outbox, as a run that has the same to say finds it. */
export interface KnownMessage {
  status: Notification['status']
  runId: string | null
  /** The run that has it will not send it any more. */
  runIsOver: boolean
}

/**
 * `take_over`: it becomes the asking run's, with its text. `renew`: it is the asking run's already and keeps its text; only
 * when it may go out is as asked. `leave`: somebody was notified, or another run is about to.
 */
export type Reopening = 'take_over' | 'renew' | 'leave'

/** Of two runs that have the same to say only one sends: a message that went nowhere, or whose run is over, is the next one's. */
export function reopening({ status, runId, runIsOver }: KnownMessage, askingRun: string): Reopening {
  switch (status) {
    case 'failed':
    case 'dropped':
      return 'take_over'
    case 'pending':
    case 'held':
      return runId === askingRun ? 'renew' : runIsOver ? 'take_over' : 'leave'
    case 'sent':
    case 'sandbox':
      return 'leave'
  }
}
