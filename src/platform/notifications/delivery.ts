/** One message of the outbox on its way out, whatever the channel. */

import type { Email } from '../channels/email/email.ts'
import type { Slack } from '../channels/slack/slack.ts'
import type { TextMessages } from '../channels/sms/text-messages.ts'
import type { Notified } from '../contract/notification.ts'
import { describeError, GiveUp } from '../engine/errors.ts'
import type { TaskContext } from '../engine/flow.ts'
import type { Sql } from '../postgres/sql.ts'
import { markAttemptFailed, markSandbox, markSending, markSent, type OutboxRow } from './outbox.ts'

/** How a channel sends a row of the outbox. */
export interface Sender {
  send(row: OutboxRow, signal: AbortSignal): Promise<{ id: string }>
  /** Where the provider can tell: the message, when it took it since then. */
  findSent?(row: OutboxRow, since: Date, signal: AbortSignal): Promise<{ id: string } | undefined>
}

export interface DeliveryDeps {
  database: Sql
  notified: Notified
}

export type Delivered = 'sent' | 'sandbox'

/**
 * Sends a row of this run and marks it; one that is sent (or kept in the sandbox, for want of a sender) is left as it
 * is. An attempt that finds an earlier one unreported asks the provider first. The row is marked as failed when the last
 * attempt has failed. Throws what the sender throws.
 */
export async function deliver(
  { database, notified }: DeliveryDeps,
  { row, sender }: { row: OutboxRow; sender: Sender | undefined },
  { lastAttempt, signal, log }: TaskContext,
): Promise<Delivered> {
  if (row.status === 'sent') return 'sent'
  if (!sender) {
    if (row.status !== 'sandbox') await markSandbox(database, row.id)
    notified(row.channel, 'sandbox')
    log('the channel is not configured: kept in the sandbox', { notification_id: row.id })
    return 'sandbox'
  }
  if (row.status === 'sandbox') return 'sandbox'
  await markSending(database, row.id)
  const { id } = await handOver(sender, row, signal).catch(async (error: unknown) => {
    const { code, message } = describeError(error)
    const final = error instanceof GiveUp || lastAttempt
    await markAttemptFailed(database, row.id, `${code}: ${message}`, final)
    if (final) notified(row.channel, 'failed')
    throw error
  })
  await markSent(database, row.id, id)
  notified(row.channel, 'sent')
  return 'sent'
}

/** An earlier attempt died between sending and saying so, or heard no answer: it may have been sent. */
async function handOver(sender: Sender, row: OutboxRow, signal: AbortSignal): Promise<{ id: string }> {
  const { sending_since: since } = row
  const found = since && (await sender.findSent?.(row, since, signal))
  return found ?? sender.send(row, signal)
}

/** Slack takes no key and does not tell: a repeat is a second message. */
export function bySlack(slack: Slack | undefined): Sender | undefined {
  return (
    slack && { send: ({ recipient, body }, signal) => slack.post({ channel: recipient, text: body }, signal) }
  )
}

/** A repeat of the same text has the same Message-ID. */
export function byEmail(email: Email | undefined): Sender | undefined {
  return (
    email && {
      send: ({ id, recipient, subject_line, body, html }, signal) => {
        const key = JSON.stringify([id, subject_line, body])
        return email.send(
          { to: recipient, subject: subject_line ?? '', text: body, html: html ?? '', key },
          signal,
        )
      },
    }
  )
}

const WHATSAPP = 'whatsapp:'

/** The outbox has one row per recipient: a number is somebody else by WhatsApp than by SMS. */
export function addressOf(channel: 'email' | 'sms' | 'whatsapp', contact: string): string {
  return channel === 'whatsapp' ? `${WHATSAPP}${contact}` : contact
}

export function byText(texts: TextMessages | undefined): Sender | undefined {
  const messageOf = ({ recipient, body }: OutboxRow) => ({ to: recipient.replace(WHATSAPP, ''), text: body })
  return (
    texts && {
      send: (row, signal) => texts.send(messageOf(row), signal),
      findSent: (row, since, signal) => texts.findSent(messageOf(row), since, signal),
    }
  )
}
