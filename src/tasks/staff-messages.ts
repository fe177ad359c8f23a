import { openMessage } from '../db/outbox.ts'
import { defineTask, type TaskContext } from '../engine/flow.ts'
import type { Slack } from '../integrations/slack/slack.ts'
import type { TextMessages } from '../integrations/sms/text-messages.ts'
import { bySlack, byText, type Delivered, type DeliveryDeps, deliver } from './delivery.ts'

export interface StaffMessage {
  channel: 'slack' | 'sms'
  /** A Slack id, or a number in E.164. */
  recipient: string
  template: string
  /** What it is about, once: the same (recipient, template, subjectKey) is told a single time. */
  subjectKey: string
  /** Of Slack: with its markup, values escaped (`&`, `<`, `>`). */
  text: string
  /** `room:201`, `employee:EMP001`. */
  subjects: string[]
}

export interface StaffMessageDeps extends DeliveryDeps {
  /** Undefined: not configured, kept in the sandbox. */
  slack: Slack | undefined
  sms: TextMessages | undefined
}

const ATTEMPTS = 3

/**
 * Tells one person of the staff. The answer is how it ended; `told_before`: it was sent earlier, or another run is at it.
 * Throws TryAgain while the channel is unreachable or limits its rate, GiveUp (`slack_refused`, `sms_refused`) when it
 * refuses for good.
 */
export const tellStaff = defineTask<StaffMessageDeps, StaffMessage, Delivered | 'told_before'>({
  name: 'tell_staff',
  retry: { attempts: ATTEMPTS, firstDelaySeconds: 5, backoff: 2, jitter: 0.2 },
  timeoutSeconds: 30,
  run: (deps, message, context) => tell(deps, message, context, ATTEMPTS),
})

/**
 * Through the outbox, whose row decides: one that is sent (or kept in the sandbox) is not sent again, and one that
 * another run is sending is left to it. `attempts`: of the task's policy.
 */
export async function tell(
  deps: DeliveryDeps & { slack: Slack | undefined; sms?: TextMessages | undefined },
  message: StaffMessage,
  context: TaskContext,
  attempts: number,
): Promise<Delivered | 'told_before'> {
  const { runId, signal, log } = context
  signal.throwIfAborted()
  const { text: body, ...about } = message
  const row = await openMessage(deps.database, { ...about, body, language: 'en', runId })
  if (row.run_id !== runId) {
    log('told before', { notification_id: row.id })
    return 'told_before'
  }
  const carrier = message.channel === 'slack' ? bySlack(deps.slack) : byText(deps.sms)
  const outcome = await deliver(deps, { row, carrier, attempts }, context)
  if (outcome === 'sent') log('told', { notification_id: row.id, channel: message.channel })
  return outcome
}
