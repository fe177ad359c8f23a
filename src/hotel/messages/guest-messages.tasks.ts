/** The steps of `send_guest_notification`. Names, contacts and texts stay in the outbox: checkpoints and logs have ids. */

import { GiveUp } from '../../platform/engine/errors.ts'
import {
  type ActToUndo,
  defineTask,
  defineTransaction,
  type TaskContext,
} from '../../platform/engine/flow.ts'
import { BRIEF_RETRY, CALL_RETRY, STORE_RETRY, UNDO_RETRY } from '../../platform/engine/retries.ts'
import {
  addressOf,
  byEmail,
  byText,
  type Delivered,
  deliver,
  type Sender,
} from '../../platform/notifications/delivery.ts'
import type { ChannelDeps } from '../../platform/notifications/deps.ts'
import {
  dropMessages,
  isNotified,
  type OutboxRow,
  openMessage,
  readMessage,
  rewriteMessage,
} from '../../platform/notifications/outbox.ts'
import type { DatabaseDeps, HotelDeps, OutsideDeps } from '../deps.ts'
import { subjectsOf } from '../subjects.ts'
import type { GuestChannel } from '../words.ts'
import type { GuestNotificationRequest, SkipReason } from './guest-notification.parameters.ts'
import { usableText } from './messages.rules.ts'
import { quietUntil, respectsQuietHours } from './quiet-hours.rules.ts'
import { isSkipped, type Recipient, recipientOf } from './recipients.tasks.ts'
import type { TemplateDeps } from './templates.ts'

export type GuestMessageDeps = DatabaseDeps &
  HotelDeps &
  Pick<OutsideDeps, 'llm'> &
  TemplateDeps &
  Pick<ChannelDeps, 'email' | 'sms' | 'whatsapp' | 'notified'>

export interface Skipped {
  kind: 'skipped'
  reason: SkipReason
}

export interface MessagePlan {
  kind: 'planned'
  /** First choice first. */
  channels: GuestChannel[]
  /** The request's, or booking and business date. */
  subjectKey: string
}

/** One message of a run through one channel. `at`: the flow's clock, ISO 8601. */
export interface GuestMessage {
  request: GuestNotificationRequest
  subjectKey: string
  channel: GuestChannel
  at: string
}

export interface OpenedMessage {
  kind: 'opened'
  notificationId: string
  /** Until the guest's quiet hours are over; 0: it may go out. */
  holdSeconds: number
}

/** Whether there is somebody to notify, and through which channels. Reads only. */
export const planMessage = defineTransaction<
  GuestMessageDeps,
  { request: GuestNotificationRequest; at: string },
  MessagePlan | Skipped
>({
  name: 'plan_message',
  retry: STORE_RETRY,
  async run(deps, { request, at }, { sql, runId }) {
    const recipient = await recipientOf(sql, deps.hotel, request, new Date(at))
    if (isSkipped(recipient)) return recipient
    const { channels, subjectKey, bookingId, guestId } = recipient
    const subjects = subjectsOf({ booking: bookingId, guest: guestId })
    const about = { template: request.template, subjectKey, subjects, runId }
    if (await isNotified(sql, about)) return { kind: 'skipped', reason: 'already_sent' }
    return { kind: 'planned', channels, subjectKey }
  },
})

/** A guest with two bookings waits a moment longer than needed; nobody is notified twice. */
const messageLock = ({ request, subjectKey }: GuestMessage) => `message:${request.template}:${subjectKey}`

/**
 * Opens the message's row in the outbox with the template's text, held while it is quiet. Asked again after that, it
 * releases the row, or drops it when the message is no longer true. Two runs with the same message take turns, and the
 * second one finds that it is sent. Throws GiveUp (`template_variable_missing`).
 */
export const openGuestMessage = defineTransaction<GuestMessageDeps, GuestMessage, OpenedMessage | Skipped>({
  name: 'open_message',
  lock: messageLock,
  retry: STORE_RETRY,
  async run({ hotel, templates, notified }, { request, subjectKey, channel, at }, { sql, runId }) {
    const about = { template: request.template, subjectKey, runId }
    const skip = async (reason: SkipReason): Promise<Skipped> => {
      for (const dropped of await dropMessages(sql, about, reason)) notified(dropped, 'dropped')
      return { kind: 'skipped', reason }
    }
    const now = new Date(at)
    const recipient = await recipientOf(sql, hotel, request, now)
    if (isSkipped(recipient)) return skip(recipient.reason)
    const contact = recipient.contacts[channel]
    if (contact === undefined) return skip('no_contact')
    const subjects = subjectsOf({ booking: recipient.bookingId, guest: recipient.guestId })
    if (await isNotified(sql, { ...about, subjects })) return skip('already_sent')

    const quiet = respectsQuietHours(request.template, channel)
    const until = quiet ? quietUntil(now, hotel.quietHours, hotel.timezone) : undefined
    const { subject, text, html, short } = templates.render(
      request.template,
      recipient.language,
      recipient.variables,
    )
    const row = await openMessage(sql, {
      ...about,
      channel,
      recipient: addressOf(channel, contact),
      language: recipient.language,
      ...(channel === 'email' ? { subjectLine: subject, body: text, html } : { body: short }),
      ...(until ? { notBefore: until } : {}),
      subjects,
    })
    // Somebody with the same address, though another guest in the records, was sent this already.
    if (row.run_id !== runId) return skip('already_sent')
    // What is left of another channel's attempt, or of an address that has changed meanwhile.
    await dropMessages(sql, { ...about, keep: row.id }, 'replaced')
    const holdSeconds = until ? Math.max(1, (until.getTime() - now.getTime()) / 1000) : 0
    return { kind: 'opened', notificationId: row.id, holdSeconds }
  },
})

/** Whoever cancels the run cancels its message, held or not. */
export const dropMessage = defineTransaction<
  GuestMessageDeps,
  ActToUndo<GuestMessage, OpenedMessage | Skipped>,
  void
>({
  name: 'drop_message',
  lock: ({ input }) => messageLock(input),
  retry: UNDO_RETRY,
  async run({ notified }, { input }, { sql, runId }) {
    const about = { template: input.request.template, subjectKey: input.subjectKey, runId }
    for (const dropped of await dropMessages(sql, about, 'cancelled')) notified(dropped, 'dropped')
  },
})

/**
 * Lets the LLM write an email's text in place of the template's. The text is in the row before an attempt begins, so
 * that each sends the same. Fails when the LLM does, or writes what cannot be sent (nothing, another room or booking than
 * the guest's): the template's text stays.
 */
export const writeMessage = defineTask<
  GuestMessageDeps,
  { message: GuestMessage; notificationId: string },
  { writtenBy: 'llm' | 'template' }
>({
  name: 'write_message',
  retry: BRIEF_RETRY,
  timeoutSeconds: 20,
  async run({ database, hotel, llm, templates }, { message, notificationId }, context) {
    const { request, at } = message
    const { idempotencyKey: key, signal, runId, log } = context
    const recipient = llm && (await recipientOf(database, hotel, request, new Date(at)))
    if (!recipient || isSkipped(recipient)) return { writtenBy: 'template' }
    const { language, variables } = recipient
    const answer = await llm.generateEmail(
      { template_type: request.template, variables, language },
      { key, signal },
    )
    const { subject, text: body } = templates.render(request.template, language, variables)
    const written = usableText(answer, { template: { subject, body }, variables })
    if (!written)
      throw new GiveUp('llm_unusable_text', 'The LLM wrote nothing, far too much, or what is not so.')
    const { text, html } = templates.frame(language, written)
    const row = { id: notificationId, runId, subjectLine: written.subject, body: text, html }
    const writtenBy = (await rewriteMessage(database, row)) ? 'llm' : 'template'
    log('the message is written', { notification_id: notificationId, written_by: writtenBy })
    return { writtenBy }
  },
})

export interface ToSend {
  message: GuestMessage
  notificationId: string
}

/** Sends a message that is open. Before each further attempt it is looked at again: it may have become pointless. */
export const sendBy = {
  email: sendThrough('email', ({ email }) => byEmail(email)),
  sms: sendThrough('sms', ({ sms }) => byText(sms)),
  whatsapp: sendThrough('whatsapp', ({ whatsapp }) => byText(whatsapp)),
} as const

function sendThrough(channel: GuestChannel, senderOf: (deps: GuestMessageDeps) => Sender | undefined) {
  return defineTask<GuestMessageDeps, ToSend, { kind: Delivered } | Skipped>({
    name: `send_${channel}`,
    retry: CALL_RETRY,
    timeoutSeconds: 120,
    async run(deps, { message, notificationId }, context) {
      const row = await ownRow(deps, notificationId, context.runId)
      if (context.attempt > 1 && row.status === 'pending') {
        const reason = await reasonToDrop(deps, message, context)
        if (reason) return { kind: 'skipped', reason }
      }
      const kind = await deliver(deps, { row, sender: senderOf(deps) }, context)
      context.log('the message is out', { notification_id: row.id, channel, outcome: kind })
      return { kind }
    },
  })
}

async function ownRow({ database }: DatabaseDeps, id: string, runId: string): Promise<OutboxRow> {
  const row = await readMessage(database, id)
  if (row?.run_id === runId && row.status !== 'dropped') return row
  throw new GiveUp('message_gone', 'The message was dropped, or another run sends it.')
}

async function reasonToDrop(
  { database, hotel, notified }: GuestMessageDeps,
  { request, subjectKey }: GuestMessage,
  { runId, now }: Pick<TaskContext, 'runId' | 'now'>,
): Promise<SkipReason | undefined> {
  const recipient: Recipient | Skipped | undefined = await recipientOf(database, hotel, request, now())
  if (!isSkipped(recipient)) return undefined
  const about = { template: request.template, subjectKey, runId }
  for (const dropped of await dropMessages(database, about, recipient.reason)) notified(dropped, 'dropped')
  return recipient.reason
}
