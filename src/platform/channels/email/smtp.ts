import { createHash } from 'node:crypto'
import { createTransport } from 'nodemailer'
import { isEmailAddress } from '../../contract/email-address.ts'
import { GiveUp, TryAgain } from '../../engine/errors.ts'
import type { ServiceGuard } from '../../outbound/service-guard.ts'
import type { Email, EmailMessage } from './email.ts'

export interface SmtpSettings {
  /** `smtp://user:password@host:587`, or `smtps://` for TLS from the start. */
  url: string
  /** `Hotel <noreply@hotel.example>`, or the address alone. */
  from: string
  guard: ServiceGuard
  timeoutMs: number
}

/**
 * Email over SMTP, through a few connections that are kept. Nothing is tried again here: the task's business. A message
 * that timed out may have been taken; its Message-ID makes the repeat the same message. Throws Error when `from` is no
 * address.
 */
export function createSmtpEmail({ url, from, guard, timeoutMs }: SmtpSettings): Email {
  const sender = senderOf(from)
  const domain = sender.address.slice(sender.address.lastIndexOf('@') + 1)
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: 5,
    maxRequeues: 0,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    async send(message, signal) {
      const { to, subject, text, html, key } = message
      refuseMalformed(message)
      const messageId = `<${createHash('sha256').update(key).digest('hex').slice(0, 40)}@${domain}>`
      await guard.call('send', signal, async () => {
        await transport
          .sendMail({
            from: sender,
            to: { name: '', address: to },
            subject,
            text,
            html,
            messageId,
            // Out-of-office notes are not sent back to it.
            headers: { 'Auto-Submitted': 'auto-generated' },
          })
          .catch((error: unknown) => {
            throw instructionFor(error)
          })
      })
      return { id: messageId }
    },
    close: async () => transport.close(),
  }
}

function senderOf(from: string): { name: string; address: string } {
  const [, name = '', address = from] = /^\s*"?([^"<>]*?)"?\s*<([^<>]+)>\s*$/.exec(from) ?? []
  if (!isEmailAddress(address.trim()))
    throw new Error('The sender of emails must read like Hotel <noreply@hotel.example>.')
  return { name: name.trim(), address: address.trim() }
}

/** A line break in an address or a subject is an attempt to add headers of one's own. */
function refuseMalformed({ to, subject }: EmailMessage): void {
  if (!isEmailAddress(to)) throw new GiveUp('email_refused', 'The recipient is not an email address.')
  if (/\p{Cc}/u.test(subject))
    throw new GiveUp('email_refused', 'The subject has a line break or control character.')
}

/** What the server says besides its code may name the guest: it stays in `cause`. */
function instructionFor(error: unknown): GiveUp | TryAgain {
  const cause = { cause: error }
  const { responseCode, code } = error as { responseCode?: unknown; code?: unknown }
  if (typeof responseCode === 'number' && responseCode >= 500) {
    return new GiveUp('email_refused', `The mail server refused the message: ${responseCode}.`, cause)
  }
  if (typeof responseCode === 'number' && responseCode >= 400) {
    const message = `The mail server does not take the message now: ${responseCode}.`
    return new TryAgain('email_unavailable', message, undefined, cause)
  }
  if (code === 'EENVELOPE' || code === 'EMESSAGE') {
    return new GiveUp('email_refused', 'The message cannot be sent as it is.', cause)
  }
  return new TryAgain('email_unavailable', 'The mail server could not be reached.', undefined, cause)
}
