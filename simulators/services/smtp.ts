/** A mail server that keeps what it is sent, and the mailboxes behind it. */
import type { AddressInfo } from 'node:net'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'

/**
 * `hang`: takes the message and never answers. `drop`: takes and keeps it, and hangs up before saying so.
 * `unavailable`: not now (451). `refuse_recipient`: no such mailbox (550). `refuse_message`: taken for spam (554).
 */
export type SmtpMode = 'ok' | 'hang' | 'drop' | 'unavailable' | 'refuse_recipient' | 'refuse_message'

export interface SimulatedMail {
  to: string
  from: string
  subject: string
  text: string
  html: string
  messageId: string
  headers: ReadonlyMap<string, unknown>
}

export interface SmtpSimulator {
  /** `smtp://127.0.0.1:<port>` */
  readonly url: string
  /** Everything that was taken, oldest first, repeats included. */
  readonly mails: readonly SimulatedMail[]
  /** What the owner of the address sees: a Message-ID that is there already is shown once, as Gmail and Exchange do. */
  mailbox(address: string): SimulatedMail[]
  behave(mode: SmtpMode): void
  close(): Promise<void>
}

/** Port 0 (the default) takes a free one. */
export async function startSmtpSimulator({ port = 0 }: { port?: number } = {}): Promise<SmtpSimulator> {
  const mails: SimulatedMail[] = []
  let mode: SmtpMode = 'ok'

  async function take(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<Error | undefined> {
    const parsed = await simpleParser(stream)
    if (mode === 'refuse_message') return refusal(554, 'Message looks like spam')
    for (const { address } of session.envelope.rcptTo) mails.push(mailOf(parsed, address))
    return undefined
  }

  const server = new SMTPServer({
    authOptional: true,
    hideSTARTTLS: true,
    disableReverseLookup: true,
    closeTimeout: 100,
    // Credentials are taken, whatever they are.
    onAuth: ({ username }, _session, done) => done(null, { user: username ?? 'anybody' }),
    onMailFrom: (_address, _session, done) =>
      done(mode === 'unavailable' ? refusal(451, 'Try again later') : null),
    onRcptTo: ({ address }, _session, done) =>
      done(mode === 'refuse_recipient' ? refusal(550, `No such mailbox: ${address}`) : null),
    onData(stream, session, done) {
      take(stream, session).then((error) => {
        if (mode === 'hang') return
        if (mode === 'drop') hangUp()
        else done(error ?? null)
      }, done)
    },
  })
  const hangUp = () => {
    for (const connection of server.connections) connection._socket.destroy()
  }
  server.on('error', () => {})
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    mails,
    mailbox: (address) => shownTo(address, mails),
    behave(next) {
      mode = next
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      hangUp()
      await closed
    },
  }
}

function shownTo(address: string, mails: readonly SimulatedMail[]): SimulatedMail[] {
  const shown = new Map<string, SimulatedMail>()
  for (const mail of mails) {
    if (mail.to === address && !shown.has(mail.messageId)) shown.set(mail.messageId, mail)
  }
  return [...shown.values()]
}

function mailOf(parsed: ParsedMail, to: string): SimulatedMail {
  return {
    to,
    from: parsed.from?.text ?? '',
    subject: parsed.subject ?? '',
    text: (parsed.text ?? '').trim(),
    html: parsed.html || '',
    messageId: parsed.messageId ?? '',
    headers: parsed.headers,
  }
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}
