import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type SmtpSimulator, startSmtpSimulator } from '../../../../../simulators/services/smtp.ts'
import type { Email } from '../../../../../src/platform/channels/email/email.ts'
import { createSmtpEmail } from '../../../../../src/platform/channels/email/smtp.ts'
import { createGuard } from '../../../../../src/platform/outbound/service-guard.ts'

const MESSAGE = {
  to: 'hoa@khach.vn',
  subject: 'Phòng 201 đã sẵn sàng – Khách sạn Hoa Sen',
  text: 'Kính gửi Nguyễn Thị Hoa,\n\nPhòng của Quý khách đã sẵn sàng.',
  html: '<p>Kính gửi Nguyễn Thị Hoa</p>',
  key: 'ntf_1',
}
const never = new AbortController().signal

let simulator: SmtpSimulator
const opened: Email[] = []
beforeEach(async () => {
  simulator = await startSmtpSimulator()
})
afterEach(async () => {
  for (const email of opened.splice(0)) await email.close()
  await simulator.close()
})

function email({ timeoutMs = 5_000, from = 'Hoa Sen <letan@hoasen.vn>', failures = 5 } = {}): Email {
  const guard = createGuard({ service: 'email', timeoutMs, failures })
  const made = createSmtpEmail({ url: simulator.url, from, guard, timeoutMs })
  opened.push(made)
  return made
}

describe('email', () => {
  it('arrives as it was written, in Vietnamese too, from the hotel', async () => {
    const { id } = await email().send(MESSAGE, never)
    expect(simulator.mails).toMatchObject([
      {
        to: 'hoa@khach.vn',
        from: '"Hoa Sen" <letan@hoasen.vn>',
        subject: MESSAGE.subject,
        text: MESSAGE.text,
        html: expect.stringContaining(MESSAGE.html),
        messageId: id,
      },
    ])
    expect(simulator.mails[0]?.headers.get('auto-submitted')).toBe('auto-generated')
  })

  it('the same key is the same message to whoever stores it, another key another one', async () => {
    const sender = email()
    await sender.send(MESSAGE, never)
    const { id } = await sender.send(MESSAGE, never)
    expect(id).toMatch(/^<[0-9a-f]{40}@hoasen\.vn>$/)
    expect(simulator.mails).toHaveLength(2)
    expect(simulator.mailbox('hoa@khach.vn')).toHaveLength(1)
    await sender.send({ ...MESSAGE, key: 'ntf_2' }, never)
    expect(simulator.mailbox('hoa@khach.vn')).toHaveLength(2)
  })

  it.each(['refuse_recipient', 'refuse_message'] as const)('%s: gives up, and names nobody', async (mode) => {
    simulator.behave(mode)
    const refused = email().send(MESSAGE, never)
    await expect(refused).rejects.toMatchObject({ name: 'GiveUp', code: 'email_refused' })
    await refused.catch((error: Error) =>
      expect(error.message).toMatch(/^The mail server refused the message: 55\d\.$/),
    )
    expect(simulator.mails).toEqual([])
  })

  it('not now: tries again, on the same connection too', async () => {
    const sender = email()
    simulator.behave('unavailable')
    const passing = { name: 'TryAgain', code: 'email_unavailable' }
    await expect(sender.send(MESSAGE, never)).rejects.toMatchObject(passing)
    simulator.behave('ok')
    await sender.send(MESSAGE, never)
    expect(simulator.mails).toHaveLength(1)
  })

  it('no answer in time: tries again', async () => {
    simulator.behave('hang')
    const answer = email({ timeoutMs: 200 }).send(MESSAGE, never)
    await expect(answer).rejects.toMatchObject({ name: 'TryAgain' })
  })

  it('nobody listens, or hangs up: tries again, once each', async () => {
    const sender = email()
    simulator.behave('drop')
    await expect(sender.send(MESSAGE, never)).rejects.toMatchObject({ code: 'email_unavailable' })
    expect(simulator.mails).toHaveLength(1)
    const { url } = simulator
    await simulator.close()
    simulator = await startSmtpSimulator()
    expect(simulator.url).not.toBe(url)
    await expect(sender.send(MESSAGE, never)).rejects.toMatchObject({ code: 'email_unavailable' })
  })

  it('a server that fails in a row is left alone', async () => {
    const sender = email({ failures: 2 })
    simulator.behave('unavailable')
    for (const code of ['email_unavailable', 'email_unavailable', 'email_circuit_open']) {
      await expect(sender.send(MESSAGE, never)).rejects.toMatchObject({ code })
    }
  })

  it.each([
    ['an address with a second header', { to: 'hoa@khach.vn\r\nBcc: everybody@khach.vn' }],
    ['two addresses', { to: 'hoa@khach.vn, everybody@khach.vn' }],
    ['an address that is none', { to: 'hoa' }],
    ['a subject with a second header', { subject: 'Hi\nBcc: everybody@khach.vn' }],
  ])('refuses %s without a call', async (_, wrong) => {
    await expect(email().send({ ...MESSAGE, ...wrong }, never)).rejects.toMatchObject({
      name: 'GiveUp',
      code: 'email_refused',
    })
    expect(simulator.mails).toEqual([])
  })

  it('stops when it is aborted', async () => {
    const abort = new AbortController()
    abort.abort(new Error('the run was cancelled'))
    await expect(email().send(MESSAGE, abort.signal)).rejects.toThrow('the run was cancelled')
    expect(simulator.mails).toEqual([])
  })

  it('does not start with a sender that is no address', () => {
    expect(() => email({ from: 'Hoa Sen' })).toThrow('must read like')
  })
})
