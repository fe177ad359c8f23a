import { FlowFailure } from '../../platform/engine/errors.ts'
import { defineFlow, type Flow, type Saga } from '../../platform/engine/flow.ts'
import { instant, orElse } from '../steps.ts'
import { subjectsOf } from '../subjects.ts'
import {
  dropMessage,
  type GuestMessage,
  type GuestMessageDeps,
  type OpenedMessage,
  openGuestMessage,
  planMessage,
  type Skipped,
  sendBy,
  writeMessage,
} from './guest-messages.tasks.ts'
import { type GuestNotificationOutcome, GuestNotificationRequest } from './guest-notification.parameters.ts'
import { mayLlmWrite } from './messages.rules.ts'

type About = Omit<GuestMessage, 'at'>

/**
 * A message to a guest: in the guest's language, through the channel the guest prefers, once, and not at night.
 *
 *   plan ─┬─ unknown, opted out, no contact, sent already ─ skipped
 *         └─ open ─┬─ quiet hours: held ─ sleep ─ open again ─┬─ no longer true ─ dropped, skipped
 *            ▲     └─ now ────────────────────────────────────┴─ write (LLM, else template) ── send ─┬─ sent
 *            └───────────────────────────── next channel ◄─────────────────── refused, or too often ─┘
 *
 * Fails with `message_not_sent` when no channel took it. Cancelling the run drops what was not sent.
 */
export const sendGuestNotification = defineFlow({
  name: 'send_guest_notification',
  description: 'Write to a guest: email, SMS or WhatsApp, in the guest’s language, outside quiet hours',
  parameters: GuestNotificationRequest,
  subjects: ({ booking_id: booking, guest_id: guest }) => subjectsOf({ booking, guest }),
  estimatedMinutes: 0.2,
  queue: 'events',

  async run(flow: Flow<GuestMessageDeps>, request): Promise<GuestNotificationOutcome> {
    const plan = await flow.task(planMessage, { request, at: await instant(flow) })
    if (plan.kind === 'skipped') return skipped(flow, plan)
    const { channels, subjectKey } = plan
    return flow.saga(async (saga) => {
      for (const channel of channels) {
        const outcome = await through(flow, saga, { request, subjectKey, channel })
        if (outcome) return outcome
      }
      throw new FlowFailure('message_not_sent', `No channel took the message: ${channels.join(', ')}.`)
    })
  },
})

/** Undefined: this channel did not take it. */
async function through(
  flow: Flow<GuestMessageDeps>,
  saga: Saga<GuestMessageDeps>,
  about: About,
): Promise<GuestNotificationOutcome | undefined> {
  const { channel } = about
  let message: GuestMessage = { ...about, at: await instant(flow) }
  let opened: OpenedMessage | Skipped = await saga.act(openGuestMessage, message, dropMessage)
  while (opened.kind === 'opened' && opened.holdSeconds > 0) {
    flow.log('held until the quiet hours are over', { notification_id: opened.notificationId, channel })
    await flow.sleep(opened.holdSeconds)
    message = { ...about, at: await instant(flow) }
    opened = await flow.task(openGuestMessage, message)
  }
  if (opened.kind === 'skipped') return opened.reason === 'no_contact' ? undefined : skipped(flow, opened)
  const { notificationId } = opened
  const toSend = { message, notificationId }
  if (channel === 'email' && mayLlmWrite(about.request.template)) {
    const written = flow.task(writeMessage, toSend)
    await orElse(flow, written, null, 'the LLM did not write it: the template’s text goes out')
  }
  const which = { notification_id: notificationId, channel }
  const sent = await orElse(
    flow,
    flow.task(sendBy[channel], toSend),
    undefined,
    'the channel did not take it',
    which,
  )
  if (sent?.kind === 'skipped') return skipped(flow, sent)
  return sent && { status: sent.kind, reason: null, channel, notification_id: notificationId }
}

function skipped(flow: Flow<GuestMessageDeps>, { reason }: Skipped): GuestNotificationOutcome {
  flow.log('nothing is sent', { reason })
  return { status: 'skipped', reason, channel: null, notification_id: null }
}
