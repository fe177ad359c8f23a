import { halfUndoneText } from '../domain/half-undone.ts'
import { defineTask } from '../engine/flow.ts'
import type { HotelDeps } from './deps.ts'
import { type StaffMessageDeps, tell } from './staff-messages.ts'

const ATTEMPTS = 8

/** `what`: what was to be done, in words; `bookingId`: whose. */
export interface HalfUndone {
  what: string
  bookingId: string
}

/**
 * Tells the duty manager, in Slack and by SMS, that something was begun and could not be taken back: a person has to
 * look. Whoever cannot be reached must not keep the other way from being tried.
 */
export const alertDutyManager = defineTask<StaffMessageDeps & HotelDeps, HalfUndone, { told: number }>({
  name: 'alert_duty_manager',
  retry: { attempts: ATTEMPTS, firstDelaySeconds: 5, backoff: 2, maxDelaySeconds: 300, jitter: 0.2 },
  async run(deps, { what, bookingId }, context) {
    const { slack, phone } = deps.hotel.dutyManager
    const ways = [
      ...(slack === undefined ? [] : [{ channel: 'slack', recipient: slack } as const]),
      ...(phone === undefined ? [] : [{ channel: 'sms', recipient: phone } as const]),
    ]
    if (ways.length === 0) context.log('nobody to tell: no duty manager is set')
    const about = {
      template: 'saga_undo_failed',
      subjectKey: context.runId,
      subjects: [`booking:${bookingId}`],
    }
    const failures: unknown[] = []
    for (const way of ways) {
      const text = halfUndoneText(way.channel, { what, bookingId, runId: context.runId })
      await tell(deps, { ...about, ...way, text }, context, ATTEMPTS).catch((error: unknown) =>
        failures.push(error),
      )
    }
    if (failures.length > 0) throw failures[0]
    return { told: ways.length }
  },
})
