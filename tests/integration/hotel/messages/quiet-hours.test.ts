import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type GuestMessageDeps,
  openGuestMessage,
  sendBy,
} from '../../../../src/hotel/messages/guest-messages.tasks.ts'
import { GuestNotificationRequest } from '../../../../src/hotel/messages/guest-notification.parameters.ts'
import { sendGuestNotification } from '../../../../src/hotel/messages/send-guest-notification.flow.ts'
import type { AnyTask, Flow, Saga } from '../../../../src/platform/engine/flow.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { request } from '../../../support/engine-conformance/rig.ts'
import { eventually } from '../../../support/eventually.ts'
import { HOTEL } from '../../../support/hotel-rules.ts'
import { contextOf } from '../../../support/task-context.ts'
import { book, type MessageRig, openMessageRig, outboxOf } from './message-rig.ts'

let test: TestDatabase
let rig: DurableRig
let world: MessageRig
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

const confirmation = (about: object) => ({ template: 'booking_confirmation', ...about })

async function start(parameters: object): Promise<string> {
  const asked = request(sendGuestNotification, { variables: {}, ...parameters })
  await rig.engine.start(asked)
  return asked.runId
}

async function send(parameters: object) {
  return rig.ended(await start(parameters))
}

let runs = 0
/** The flow by a clock of our own, on the real database; `asleep` is done while it sleeps. */
async function atNight(parameters: object, at: string, asleep: () => Promise<unknown> = async () => {}) {
  const night = { ...world.deps, hotel: { ...HOTEL, quietHours: { from: '22:00', to: '07:00' } } }
  const runId = `fr_night_${runs++}`
  let now = Date.parse(at)
  const slept: number[] = []
  const task = async <Input, Output>(definition: AnyTask<GuestMessageDeps, Input, Output>, input: Input) => {
    const context = contextOf(definition.name, { runId, now: () => new Date(now) })
    if (definition.kind === 'task') return definition.run(night, input, context)
    return test.database.transaction((sql) =>
      definition.run(night, input, { ...context, sql, part: async (_, body) => body() }),
    )
  }
  const saga: Saga<GuestMessageDeps> = { act: (definition, input) => task(definition, input) }
  const flow: Partial<Flow<GuestMessageDeps>> = {
    runId,
    task,
    saga: (body) => body(saga),
    now: async () => new Date(now),
    log() {},
    async sleep(seconds) {
      slept.push(seconds)
      await asleep()
      now += seconds * 1000
    },
  }
  const outcome = await sendGuestNotification.run(
    flow as Flow<GuestMessageDeps>,
    GuestNotificationRequest.parse(parameters),
  )
  return { outcome, slept }
}

const MIDNIGHT = '2025-02-01T00:00:00+07:00'
const ready = async (id: string) => ({
  template: 'checkin_ready',
  ...(await book(test.database, id)),
  subject_key: `B_${id}:201`,
  variables: { room_number: '201' },
})
const status = async (id: string) => (await outboxOf(test.database, `B_${id}`)).map((line) => line.status)

describe('at the end of the night', () => {
  it('what was held goes out, with its text', async () => {
    const { outcome, slept } = await atNight(await ready('MORNING'), MIDNIGHT, async () => {
      expect(await status('MORNING')).toEqual(['held'])
      expect(world.smtp.mails).toEqual([])
    })
    expect(slept).toEqual([7 * 3_600])
    expect(outcome).toMatchObject({ status: 'sent', channel: 'email' })
    expect(world.smtp.mails).toMatchObject([
      { subject: 'Phòng 201 của Quý khách đã sẵn sàng – Khách sạn Hoa Sen' },
    ])
    expect((await outboxOf(test.database, 'B_MORNING'))[0]?.not_before).toEqual(
      new Date('2025-02-01T00:00:00Z'),
    )
  })

  it.each([
    ['has checked in', 'IN', `update bookings set status = 'checked_in' where id = $1`, 'stale'],
    ['has cancelled', 'CANCEL', `update bookings set status = 'cancelled' where id = $1`, 'stale'],
    ['has another room', 'ROOM', `update bookings set room_number = '305' where id = $1`, 'stale'],
    [
      'wants no messages any more',
      'OPT',
      `update guests set opted_out_at = now() where id = replace($1, 'B_', 'G_')`,
      'opted_out',
    ],
  ])('it is dropped when the guest %s', async (_, id, change, reason) => {
    const asleep = () => test.database.query(change, [`B_${id}`])
    const { outcome } = await atNight(await ready(id), MIDNIGHT, asleep)
    expect(outcome).toMatchObject({ status: 'skipped', reason })
    expect(await outboxOf(test.database, `B_${id}`)).toMatchObject([
      { status: 'dropped', last_error: reason },
    ])
    expect(world.smtp.mails).toEqual([])
    expect(world.told).toEqual(['email dropped'])
  })

  it('it is dropped when it has expired, on the hotel’s clock', async () => {
    const expiring = (expires_at: string, id: string) => ready(id).then((asked) => ({ ...asked, expires_at }))
    const late = await atNight(await expiring('2025-02-01T06:00:00', 'LATE'), MIDNIGHT)
    expect(late.outcome).toMatchObject({ status: 'skipped', reason: 'stale' })
    const early = await atNight(await expiring('2025-02-01T08:00:00', 'EARLY'), MIDNIGHT)
    expect(early.outcome.status).toBe('sent')
  })

  it('to another address when the guest has another one by then', async () => {
    const { outcome } = await atNight(await ready('MOVED'), MIDNIGHT, () =>
      test.database.query(`update guests set email = 'new@khach.vn' where id = 'G_MOVED'`),
    )
    expect(outcome.status).toBe('sent')
    expect(await outboxOf(test.database, 'B_MOVED')).toMatchObject([
      { recipient: 'moved@khach.vn', status: 'dropped', last_error: 'replaced' },
      { recipient: 'new@khach.vn', status: 'sent' },
    ])
  })

  it('and nothing is held by day', async () => {
    const { outcome, slept } = await atNight(await ready('DAY'), '2025-02-01T12:00:00+07:00')
    expect([outcome.status, slept]).toEqual(['sent', []])
  })
})

describe('between two attempts', () => {
  it('a message that became pointless is dropped, not sent', async () => {
    const asked = GuestNotificationRequest.parse(await ready('LATER'))
    world.smtp.behave('unavailable')
    const run = await start(asked)
    await eventually('an attempt', async () => (await outboxOf(test.database, 'B_LATER'))[0]?.attempts === 1)
    await test.database.query(`update bookings set status = 'checked_in' where id = 'B_LATER'`)
    world.smtp.behave('ok')
    expect((await rig.ended(run)).result).toMatchObject({ status: 'skipped', reason: 'stale' })
    expect(await status('LATER')).toEqual(['dropped'])
    expect(world.smtp.mails).toEqual([])
  })

  it('whether it has expired is asked of the hotel’s clock', async () => {
    const expiring = { ...(await ready('CLOCK')), expires_at: '2025-02-01T06:00:00' }
    const asked = GuestNotificationRequest.parse(expiring)
    const runId = 'fr_clock'
    const message = { request: asked, subjectKey: 'B_CLOCK:201', channel: 'email' as const, at: MIDNIGHT }
    const row = await test.database.transaction((sql) =>
      openGuestMessage.run(world.deps, message, {
        ...contextOf('open_message', { runId }),
        sql,
        part: async (_, body) => body(),
      }),
    )
    if (row.kind === 'skipped') throw new Error(row.reason)
    const sendAt = (at: string) => {
      const context = contextOf('send_email', { runId, attempt: 2, now: () => new Date(at) })
      return sendBy.email.run(world.deps, { message, notificationId: row.notificationId }, context)
    }
    expect(await sendAt('2025-02-01T05:59:00+07:00')).toEqual({ kind: 'sent' })
    await test.database.query(`update prefect.notifications set status = 'pending' where id = $1`, [
      row.notificationId,
    ])
    expect(await sendAt('2025-02-01T06:00:00+07:00')).toEqual({ kind: 'skipped', reason: 'stale' })
  })

  it('one that is gone is not sent either', async () => {
    const message = {
      request: GuestNotificationRequest.parse(await ready('GONE')),
      subjectKey: 'x',
      at: MIDNIGHT,
    }
    const toSend = { message: { ...message, channel: 'sms' as const }, notificationId: 'ntf_gone' }
    await expect(sendBy.sms.run(world.deps, toSend, contextOf('send_sms'))).rejects.toMatchObject({
      name: 'GiveUp',
      code: 'message_gone',
    })
  })
})

describe('in quiet hours', () => {
  /** From an hour ago until in an hour, on the hotel's clock. */
  const quietNow = () => {
    const wall = (ms: number) =>
      new Date(Date.now() + ms).toLocaleTimeString('en-GB', {
        timeZone: HOTEL.timezone,
        hour: '2-digit',
        minute: '2-digit',
      })
    return { ...HOTEL, quietHours: { from: wall(-3_600_000), to: wall(3_600_000) } }
  }

  it('it is held; whoever cancels the run drops it, and another run may send it', async () => {
    const asked = await ready('NIGHT')
    deps.hotel = quietNow()
    const run = await start(asked)
    await eventually('the run to wait', async () => (await rig.status(run)) === 'waiting')
    const [held] = await outboxOf(test.database, 'B_NIGHT')
    expect(held).toMatchObject({ status: 'held', attempts: 0, run_id: run })
    expect(held?.not_before?.getTime()).toBeGreaterThan(Date.now() + 58 * 60_000)
    expect((await send(asked)).result).toMatchObject({ status: 'skipped', reason: 'already_sent' })
    await rig.engine.cancel(run)
    expect((await rig.ended(run)).status).toBe('cancelled')
    expect(await outboxOf(test.database, 'B_NIGHT')).toMatchObject([
      { status: 'dropped', last_error: 'cancelled' },
    ])
    expect(world.smtp.mails).toEqual([])
    expect(world.told).toEqual(['email dropped'])
    deps.hotel = HOTEL
    expect((await send(asked)).result).toMatchObject({ status: 'sent' })
  })

  it('an email that answers what the guest just did is not; an SMS is', async () => {
    deps.hotel = quietNow()
    expect((await send(confirmation(await book(test.database, 'AWAKE')))).result).toMatchObject({
      status: 'sent',
    })
    const phone = await book(test.database, 'ASLEEP', { email: null, phone: '+84905555555' })
    const run = await start(confirmation(phone))
    await eventually('the run to wait', async () => (await rig.status(run)) === 'waiting')
    expect(await outboxOf(test.database, 'B_ASLEEP')).toMatchObject([{ channel: 'sms', status: 'held' }])
    await rig.engine.cancel(run)
    await rig.ended(run)
  })
})
