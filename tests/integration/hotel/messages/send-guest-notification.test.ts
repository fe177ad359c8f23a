import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { GuestMessageDeps } from '../../../../src/hotel/messages/guest-messages.tasks.ts'
import type { GuestNotificationOutcome } from '../../../../src/hotel/messages/guest-notification.parameters.ts'
import { sendGuestNotification } from '../../../../src/hotel/messages/send-guest-notification.flow.ts'
import type { Llm } from '../../../../src/hotel/services/llm/llm.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { request } from '../../../support/engine-conformance/rig.ts'
import { eventually } from '../../../support/eventually.ts'
import { book, type MessageRig, openMessageRig, outboxOf } from './message-rig.ts'

let test: TestDatabase
let rig: DurableRig
let world: MessageRig
/** The worker's: a test that changes a part gets it put back. */
const deps = {} as GuestMessageDeps
beforeAll(async () => {
  test = await createTestDatabase({ max: 20 })
  rig = await openDurableRig([sendGuestNotification], deps, undefined, test)
})
afterAll(async () => {
  await rig?.close()
  await test?.drop()
})
beforeEach(async () => {
  world = await openMessageRig(test.database)
  Object.assign(deps, world.deps)
})
afterEach(() => world.close())

async function start(parameters: object): Promise<string> {
  const asked = request(sendGuestNotification, { variables: {}, ...parameters })
  await rig.engine.start(asked)
  return asked.runId
}

async function send(parameters: object) {
  const ended = await rig.ended(await start(parameters))
  return { ...ended, result: ended.result as GuestNotificationOutcome }
}

const confirmation = (about: object) => ({ template: 'booking_confirmation', ...about })

describe('a message to a guest', () => {
  it('goes by email, in the language of the guest, and is kept as it was sent', async () => {
    const booking = await book(test.database, 'MAIL')
    const { status, result } = await send(confirmation(booking))
    expect(status).toBe('completed')
    expect(result).toMatchObject({ status: 'sent', reason: null, channel: 'email' })
    const [mail] = world.smtp.mails
    expect(mail).toMatchObject({
      to: 'mail@khach.vn',
      subject: 'Xác nhận đặt phòng B_MAIL – Khách sạn Hoa Sen',
    })
    expect(mail?.text).toContain('Nhận phòng: Thứ Bảy, 01/02/2025, từ 14:00')
    expect(mail?.text).toContain('Tổng tiền: 5.000.000')
    expect(await outboxOf(test.database, 'B_MAIL')).toMatchObject([
      {
        channel: 'email',
        status: 'sent',
        attempts: 1,
        subject_line: mail?.subject,
        body: mail?.text,
        language: 'vi',
      },
    ])
    expect(world.told).toEqual(['email sent'])
  })

  it.each([
    ['EN', { language: 'en' }, 'Your booking B_EN is confirmed – Khách sạn Hoa Sen'],
    ['KO', { language: 'ko' }, 'Your booking B_KO is confirmed – Khách sạn Hoa Sen'],
    ['FR', { language: null, country: 'FR' }, 'Your booking B_FR is confirmed – Khách sạn Hoa Sen'],
    ['VN', { language: null, country: null }, 'Xác nhận đặt phòng B_VN – Khách sạn Hoa Sen'],
  ])('to somebody of %s', async (id, guest, subject) => {
    await send(confirmation(await book(test.database, id, guest)))
    expect(world.smtp.mails).toMatchObject([{ subject }])
  })

  it('goes where the guest wants it, or where it can', async () => {
    const chosen = await book(test.database, 'CHOSEN', {
      phone: '0901 234 567',
      channels: ['whatsapp', 'email'],
    })
    expect((await send(confirmation(chosen))).result.channel).toBe('whatsapp')
    const phone = await book(test.database, 'PHONE', { phone: '+84907654321', email: 'none' })
    expect((await send(confirmation(phone))).result.channel).toBe('sms')
    expect(world.twilio.messages).toMatchObject([{ to: 'whatsapp:+84901234567' }, { to: '+84907654321' }])
    expect(world.twilio.messages[1]?.body).toMatch(/^Khách sạn Hoa Sen: Đặt phòng B_PHONE đã được xác nhận\./)
    expect(world.smtp.mails).toEqual([])
  })

  it('shows a name without what would turn the text around', async () => {
    await send(confirmation(await book(test.database, 'TURNED', { name: '\u202eaoH \u2066Nguyễn' })))
    const [mail] = world.smtp.mails
    expect(mail?.text).toContain('Kính gửi aoH Nguyễn,')
    expect(`${mail?.subject}${mail?.text}${mail?.html}`).not.toMatch(/\p{Bidi_Control}/u)
  })

  it('to a guest without a booking', async () => {
    await book(test.database, 'ALONE')
    const { result } = await send({
      template: 'request_finished',
      guest_id: 'G_ALONE',
      variables: { request: 'khăn <tắm>' },
    })
    expect(result.status).toBe('sent')
    expect(world.smtp.mails[0]?.text).toContain('“khăn <tắm>”')
    expect(world.smtp.mails[0]?.html).toContain('khăn &lt;tắm&gt;')
  })

  it('is not sent to whom there is no way, or who wants none', async () => {
    const nobody = await send(confirmation({ booking_id: 'B_NOBODY' }))
    expect(nobody.result).toMatchObject({ status: 'skipped', reason: 'unknown_guest' })
    const out = await send(confirmation(await book(test.database, 'OUT', { optedOut: true })))
    expect(out.result).toMatchObject({ status: 'skipped', reason: 'opted_out' })
    const none = await send(confirmation(await book(test.database, 'NONE', { email: null })))
    expect(none.result).toMatchObject({ status: 'skipped', reason: 'no_contact', notification_id: null })
    expect(world.smtp.mails).toEqual([])
  })

  it('that lacks a value fails, and says which', async () => {
    const booking = await book(test.database, 'LACKS')
    await test.database.query(`update bookings set check_in_date = null where id = 'B_LACKS'`)
    const { status, error } = await send(confirmation(booking))
    expect(status).toBe('failed')
    expect(error).toMatchObject({
      code: 'template_variable_missing',
      message: 'The template "booking_confirmation" needs the variable "check_in_date".',
    })
  })
})

describe('once', () => {
  it('the same again is not sent, through another channel neither; something else is', async () => {
    const booking = await book(test.database, 'ONCE', { phone: '+84901111111' })
    const same = { ...confirmation(booking), subject_key: 'B_ONCE' }
    expect((await send(same)).result.status).toBe('sent')
    await test.database.query(`update guests set channels = '{sms}' where id = 'G_ONCE'`)
    expect((await send(same)).result).toMatchObject({ status: 'skipped', reason: 'already_sent' })
    expect(world.twilio.messages).toEqual([])
    expect((await send({ ...same, subject_key: 'B_ONCE:2' })).result).toMatchObject({
      status: 'sent',
      channel: 'sms',
    })
  })

  it('of eight runs at once one sends', async () => {
    const booking = await book(test.database, 'RACE')
    const runs = await Promise.all(Array.from({ length: 8 }, () => send(confirmation(booking))))
    expect(runs.map(({ result }) => result.status).sort()).toEqual(
      ['sent', ...Array(7).fill('skipped')].sort(),
    )
    expect(world.smtp.mails).toHaveLength(1)
  })
})

describe('when a channel does not take it', () => {
  it('for good: the next one does', async () => {
    const booking = await book(test.database, 'NEXT', { phone: '+84902222222' })
    world.smtp.behave('refuse_recipient')
    const { status, result } = await send(confirmation(booking))
    expect(status).toBe('completed')
    expect(result).toMatchObject({ status: 'sent', channel: 'sms' })
    expect(await outboxOf(test.database, 'B_NEXT')).toMatchObject([
      {
        channel: 'email',
        status: 'failed',
        last_error: 'email_refused: The mail server refused the message: 550.',
      },
      { channel: 'sms', status: 'sent' },
    ])
    expect(world.told).toEqual(['email failed', 'sms sent'])
  })

  it('for now: it is tried again', async () => {
    const booking = await book(test.database, 'AGAIN')
    world.smtp.behave('unavailable')
    const run = await start(confirmation(booking))
    await eventually(
      'the first attempt',
      async () => (await outboxOf(test.database, 'B_AGAIN'))[0]?.attempts === 1,
    )
    world.smtp.behave('ok')
    expect((await rig.ended(run)).result).toMatchObject({ status: 'sent', channel: 'email' })
    expect(await outboxOf(test.database, 'B_AGAIN')).toMatchObject([
      { status: 'sent', attempts: 2, last_error: null },
    ])
    expect(world.smtp.mails).toHaveLength(1)
  })

  it('and no other does: the run fails for people to see, and sends when it is retried', async () => {
    const booking = await book(test.database, 'FAILS', { phone: '+15005550001' })
    world.smtp.behave('refuse_message')
    const run = await start(confirmation(booking))
    expect(await rig.ended(run)).toMatchObject({
      status: 'failed',
      error: { code: 'message_not_sent', message: 'No channel took the message: email, sms, whatsapp.' },
      flagged: undefined,
    })
    const statuses = (await outboxOf(test.database, 'B_FAILS')).map(
      ({ channel, status }) => `${channel} ${status}`,
    )
    expect(statuses).toEqual(['email failed', 'sms failed', 'whatsapp failed'])
    world.smtp.behave('ok')
    await rig.engine.retry(run)
    await eventually('it to be sent', () => world.smtp.mails.length === 1)
    expect(await rig.ended(run)).toMatchObject({
      status: 'completed',
      result: { status: 'sent', channel: 'email' },
    })
  })

  it('because it is not configured: kept in the sandbox, and done', async () => {
    const booking = await book(test.database, 'SANDBOX', { phone: '+84903333333' })
    deps.email = undefined
    expect((await send(confirmation(booking))).result).toMatchObject({ status: 'sandbox', channel: 'email' })
    expect(await outboxOf(test.database, 'B_SANDBOX')).toMatchObject([{ status: 'sandbox', attempts: 0 }])
    deps.email = world.deps.email
    expect((await send(confirmation(booking))).result).toMatchObject({ reason: 'already_sent' })
  })
})

describe('the text', () => {
  const asked: unknown[] = []
  const writer = (write: () => { subject: string; body: string }): Llm => ({
    async generateEmail(ask, { key }) {
      asked.push({ ...ask, key })
      return write()
    },
    classifyRequest: () => Promise.reject(new Error('not asked')),
  })

  it('is written by the LLM, framed and escaped; the short one is the template’s', async () => {
    deps.llm = writer(() => ({ subject: 'Chào\nHoa', body: 'Kính gửi Hoa,\n\n<b>Hẹn gặp</b> B_LLM' }))
    await send(confirmation(await book(test.database, 'LLM')))
    expect(asked).toMatchObject([
      {
        template_type: 'booking_confirmation',
        language: 'vi',
        variables: {
          guest_name: 'Nguyễn Thị Hoa',
          booking_id: 'B_LLM',
          check_in_date: 'Thứ Bảy, 01/02/2025',
        },
        key: expect.stringMatching(/./),
      },
    ])
    expect(world.smtp.mails).toMatchObject([
      { subject: 'Chào Hoa', text: 'Kính gửi Hoa,\n\n<b>Hẹn gặp</b> B_LLM' },
    ])
    expect(world.smtp.mails[0]?.html).toContain('&#60;b&#62;Hẹn gặp')
    const sms = await book(test.database, 'LLMSMS', { email: null, phone: '+84904444444' })
    await send(confirmation(sms))
    expect(world.twilio.messages[0]?.body).toContain('Đặt phòng B_LLMSMS đã được xác nhận.')
    expect(asked).toHaveLength(1)
  })

  it.each<[string, string, () => { subject: string; body: string }]>([
    [
      'is down',
      'DOWN',
      () => {
        throw new Error('down')
      },
    ],
    ['writes nothing', 'EMPTY', () => ({ subject: 'Chào', body: ' ' })],
    ['names no booking', 'SILENT', () => ({ subject: 'Chào', body: 'Hẹn gặp' })],
    ['names another room', 'OTHER', () => ({ subject: 'Đặt phòng B_OTHER', body: 'Mời đến phòng 999' })],
  ])('is the template’s when the LLM %s', async (_, id, write) => {
    deps.llm = writer(write)
    const { status, result } = await send(confirmation(await book(test.database, id)))
    expect([status, result.status]).toEqual(['completed', 'sent'])
    expect(world.smtp.mails).toMatchObject([{ subject: `Xác nhận đặt phòng B_${id} – Khách sạn Hoa Sen` }])
  })
})
