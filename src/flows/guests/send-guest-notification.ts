import { type GuestNotificationOutcome, GuestNotificationRequest } from '../../contract/guest-notification.ts'
import { mayLlmWrite } from '../../domain/messages.ts'
import { FlowFailure, TaskFailed } from '../../engine/errors.ts'
import { defineFlow, type Flow, type Saga } from '../../engine/flow.ts'
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
} from '../../tasks/guest-messages.ts'

type About = Omit<GuestMessage, 'at'>

/**
 * A message to a guest: in the guest's language, through the channel the guest prefers, once, and not at night.
 *
 *   plan ─┬─ unknown, opted out, no contact, told already ─ skipped
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
  subjects: ({ booking_id: booking, guest_id: guest }) => [
    ...(booking === undefined ? [] : [`booking:${booking}`]),
    ...(guest === undefined ? [] : [`guest:${guest}`]),
  ],
  estimatedMinutes: 0.2,
  queue: 'events',

  async run(flow: Flow<GuestMessageDeps>, request): Promise<GuestNotificationOutcome> {
    const plan = await flow.task(planMessage, { request, at: await clock(flow) })
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
  let message: GuestMessage = { ...about, at: await clock(flow) }
  let opened: OpenedMessage | Skipped = await saga.act(openGuestMessage, message, dropMessage)
  while (opened.kind === 'opened' && opened.holdSeconds > 0) {
    flow.log('held until the quiet hours are over', { notification_id: opened.notificationId, channel })
    await flow.sleep(opened.holdSeconds)
    message = { ...about, at: await clock(flow) }
    opened = await flow.task(openGuestMessage, message)
  }
  if (opened.kind === 'skipped') return opened.reason === 'no_contact' ? undefined : skipped(flow, opened)
  const { notificationId } = opened
  const toSend = { message, notificationId }
  if (channel === 'email' && mayLlmWrite(about.request.template)) {
    await orElse(flow.task(writeMessage, toSend), () =>
      flow.log('the LLM did not write it: the template’s text goes out'),
    )
  }
  const sent = await orElse(flow.task(sendBy[channel], toSend), () =>
    flow.log('the channel did not take it', { notification_id: notificationId, channel }),
  )
  if (sent?.kind === 'skipped') return skipped(flow, sent)
  return sent && { status: sent.kind, reason: null, channel, notification_id: notificationId }
}

/** A task that failed for good is not the end of the message; a cancel is. */
async function orElse<T>(task: Promise<T>, otherwise: () => void): Promise<T | undefined> {
  try {
    return await task
  } catch (error) {
    if (!(error instanceof TaskFailed)) throw error
    otherwise()
    return undefined
  }
}

async function clock(flow: Flow<GuestMessageDeps>): Promise<string> {
  return (await flow.now()).toISOString()
}

function skipped(flow: Flow<GuestMessageDeps>, { reason }: Skipped): GuestNotificationOutcome {
  flow.log('nothing is sent', { reason })
  return { status: 'skipped', reason, channel: null, notification_id: null }
}
