import type { Slack } from '../channels/slack/slack.ts'
import type { TextMessages } from '../channels/sms/text-messages.ts'
import { GiveUp } from '../engine/errors.ts'
import { defineTask, type TaskContext } from '../engine/flow.ts'
import { STAFF_RETRY } from '../engine/retries.ts'
import type { Database } from '../postgres/pool.ts'
import { bySlack, byText, type Delivered, type DeliveryDeps, deliver } from './delivery.ts'
import { openMessageByItself } from './outbox.ts'

export interface StaffMessage {
  channel: 'slack' | 'sms'
  /** A Slack id, or a number in E.164. */
  recipient: string
  template: string
  /** What it is about, once: the same (recipient, template, subjectKey) goes out a single time. */
  subjectKey: string
  /** Of Slack: with its markup, values escaped (`&`, `<`, `>`). */
  text: string
  /** `room:201`, `employee:EMP001`. */
  subjects: string[]
}

export interface StaffMessageDeps extends DeliveryDeps {
  database: Pick<Database, 'query' | 'transaction'>
  /** Undefined: not configured, kept in the sandbox. */
  slack: Slack | undefined
  sms: TextMessages | undefined
}

type NotifyDeps = DeliveryDeps &
  Pick<StaffMessageDeps, 'database' | 'slack'> &
  Partial<Pick<StaffMessageDeps, 'sms'>>

/**
 * Notifies one person of the staff. The answer is how it ended; `told_before`: it was sent earlier, or another run is at it.
 * Throws TryAgain while the channel is unreachable or limits its rate, GiveUp (`slack_refused`, `sms_refused`) when it
 * refuses for good.
 */
export const notifyStaffMember = defineTask<StaffMessageDeps, StaffMessage, Delivered | 'told_before'>({
  name: 'tell_staff',
  retry: STAFF_RETRY,
  timeoutSeconds: 30,
  run: notify,
})

/**
 * Through the outbox, whose row decides: one that is sent (or kept in the sandbox) is not sent again, and one that
 * another run is sending is left to it.
 */
async function notify(
  deps: NotifyDeps,
  message: StaffMessage,
  context: TaskContext,
): Promise<Delivered | 'told_before'> {
  const { runId, signal, log } = context
  signal.throwIfAborted()
  const { text: body, ...about } = message
  const sender = message.channel === 'slack' ? bySlack(deps.slack) : byText(deps.sms)
  const sandbox = sender === undefined
  const row = await openMessageByItself(deps.database, { ...about, body, language: 'en', sandbox, runId })
  if (row.run_id !== runId) {
    log('told before', { notification_id: row.id })
    return 'told_before'
  }
  const outcome = await deliver(deps, { row, sender }, context)
  if (outcome === 'sent') log('told', { notification_id: row.id, channel: message.channel })
  return outcome
}

/**
 * Notifies them one after another: whoever cannot be reached must not keep the others uninformed. Throws at the end, first
 * of all what another attempt may mend: a GiveUp would take it away from those it could still reach.
 */
export async function notifyStaff(
  deps: NotifyDeps,
  messages: readonly StaffMessage[],
  context: TaskContext,
): Promise<void> {
  const failures: unknown[] = []
  for (const message of messages) {
    await notify(deps, message, context).catch((error: unknown) => failures.push(error))
  }
  if (failures.length > 0) throw failures.find((error) => !(error instanceof GiveUp)) ?? failures[0]
}
