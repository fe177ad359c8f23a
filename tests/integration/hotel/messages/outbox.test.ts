import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type SlackSimulator, startSlackSimulator } from '../../../../simulators/services/slack.ts'
import {
  type GuestMessageDeps,
  openGuestMessage,
  sendBy,
  type ToSend,
} from '../../../../src/hotel/messages/guest-messages.tasks.ts'
import {
  GuestNotificationRequest,
  type GuestTemplate,
} from '../../../../src/hotel/messages/guest-notification.parameters.ts'
import { alertDutyManager } from '../../../../src/hotel/messages/saga-alerts.tasks.ts'
import type { GuestChannel } from '../../../../src/hotel/words.ts'
import { createSlack } from '../../../../src/platform/channels/slack/web-api.ts'
import { defineFlow, type Flow } from '../../../../src/platform/engine/flow.ts'
import { InMemoryEngine } from '../../../../src/platform/engine/in-memory.ts'
import { listNotifications } from '../../../../src/platform/notifications/notifications.ts'
import { openMessage, openMessageByItself } from '../../../../src/platform/notifications/outbox.ts'
import {
  notifyStaffMember,
  type StaffMessage,
} from '../../../../src/platform/notifications/staff-messages.ts'
import { createGuard } from '../../../../src/platform/outbound/service-guard.ts'
import type { Sql } from '../../../../src/platform/postgres/sql.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { contextOf } from '../../../support/task-context.ts'
import { book, type MessageRig, openMessageRig, outboxOf, silent } from './message-rig.ts'

let test: TestDatabase
let world: MessageRig
let slack: SlackSimulator
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test?.drop())
beforeEach(async () => {
  world = await openMessageRig(test.database)
  slack = await startSlackSimulator()
})
afterEach(() => Promise.all([world.close(), slack.close()]))

/** Opens the message as the flow does. */
async function opened(id: string, channel: GuestChannel, runId: string): Promise<ToSend> {
  const template: GuestTemplate = 'checkout_thanks'
  const asked = { template, ...(await book(test.database, id, { phone: '+84901234567' })) }
  const request = GuestNotificationRequest.parse(asked)
  const message = { request, subjectKey: `B_${id}`, channel, at: new Date().toISOString() }
  const row = await test.database.transaction((sql) =>
    openGuestMessage.run(world.deps, message, {
      ...contextOf('open_message', { runId }),
      sql,
      part: async (_, body) => body(),
    }),
  )
  if (row.kind === 'skipped') throw new Error(row.reason)
  return { message, notificationId: row.notificationId }
}

/** A process that is killed once the message is out: nothing that it would have said arrives. */
function killedAfterSending(database: Sql): Sql {
  let begun = false
  return {
    query: (text, values) => {
      if (begun) return Promise.reject(new Error('killed'))
      begun = text.includes('sending_since = coalesce')
      return database.query(text, values)
    },
  }
}

describe('a worker that dies between sending and saying so', () => {
  it.each(['sms', 'whatsapp'] as const)(
    'by %s: the provider is asked first, and one message is out',
    async (channel) => {
      const runId = `fr_${channel}`
      const toSend = await opened(channel.toUpperCase(), channel, runId)
      const dying = { ...world.deps, database: killedAfterSending(test.database) }
      await expect(sendBy[channel].run(dying, toSend, contextOf('send', { runId }))).rejects.toThrow('killed')
      expect(world.twilio.messages).toHaveLength(1)
      expect(await outboxOf(test.database, `B_${channel.toUpperCase()}`)).toMatchObject([
        { status: 'pending' },
      ])

      const again = await sendBy[channel].run(world.deps, toSend, contextOf('send', { runId }))
      expect(again).toEqual({ kind: 'sent' })
      expect(world.twilio.messages).toHaveLength(1)
      expect(await outboxOf(test.database, `B_${channel.toUpperCase()}`)).toMatchObject([{ status: 'sent' }])
    },
  )

  it('by email: it is sent again as the same message, and the mailbox shows one', async () => {
    const toSend = await opened('MAIL', 'email', 'fr_mail')
    const dying = { ...world.deps, database: killedAfterSending(test.database) }
    await expect(sendBy.email.run(dying, toSend, contextOf('send', { runId: 'fr_mail' }))).rejects.toThrow(
      'killed',
    )
    await sendBy.email.run(world.deps, toSend, contextOf('send', { runId: 'fr_mail' }))
    expect(world.smtp.mails).toHaveLength(2)
    expect(world.smtp.mailbox('mail@khach.vn')).toHaveLength(1)
  })

  it('before it sent: the next attempt does', async () => {
    const toSend = await opened('BEFORE', 'sms', 'fr_before')
    world.twilio.behave('error')
    const dying = { ...world.deps, database: killedAfterSending(test.database) }
    await expect(sendBy.sms.run(dying, toSend, contextOf('send', { runId: 'fr_before' }))).rejects.toThrow()
    world.twilio.behave('ok')
    await sendBy.sms.run(world.deps, toSend, contextOf('send', { runId: 'fr_before' }))
    expect(world.twilio.messages).toHaveLength(1)
  })

  it('after it said so: a repeat sends nothing', async () => {
    const toSend = await opened('AFTER', 'sms', 'fr_after')
    for (const _ of [1, 2]) {
      const sent = await sendBy.sms.run(world.deps, toSend, contextOf('send', { runId: 'fr_after' }))
      expect(sent).toEqual({ kind: 'sent' })
    }
    expect(world.twilio.requests).toHaveLength(1)
  })
})

describe('a message of another run', () => {
  const message = (id: string, runId: string) => ({
    channel: 'slack' as const,
    recipient: 'U0DUTY0001',
    template: 'anomaly',
    subjectKey: id,
    language: 'en',
    body: runId,
    runId,
    subjects: [],
  })
  const runIs = async (runId: string, status: string) => {
    await test.database.query(
      `insert into prefect.flow_runs (id, workflow_name, queue) values ($1, 'w', 'default')`,
      [runId],
    )
    await test.database.query(
      `insert into dbos.workflow_status (workflow_uuid, status, created_at, updated_at) values ($1, $2, 0, 0)`,
      [runId, status],
    )
  }

  it.each([
    ['PENDING', false],
    ['SUCCESS', true],
    ['CANCELLED', true],
    ['MAX_RECOVERY_ATTEMPTS_EXCEEDED', true],
  ])('is taken over when that run is %s: %s', async (status, isTaken) => {
    await runIs(`fr_first_${status}`, status)
    await openMessage(test.database, message(status, `fr_first_${status}`))
    const row = await openMessage(test.database, message(status, 'fr_second'))
    expect(row).toMatchObject(
      isTaken ? { run_id: 'fr_second', body: 'fr_second' } : { run_id: `fr_first_${status}` },
    )
  })
})

describe('a message that failed, of which several runs say the same at once', () => {
  it('is sent by one of them', async () => {
    const message = (runId: string) => ({
      ...{ channel: 'slack' as const, recipient: 'U0DUTY0001', template: 'anomaly', subjectKey: 'at once' },
      ...{ language: 'en', body: runId, runId, subjects: [`run:${runId}`] },
    })
    const { id } = await openMessage(test.database, message('fr_failed'))
    await test.database.query(`update prefect.notifications set status = 'failed' where id = $1`, [id])
    const runs = ['fr_1', 'fr_2', 'fr_3', 'fr_4']
    const rows = await Promise.all(runs.map((runId) => openMessageByItself(test.database, message(runId))))
    expect(
      new Set(rows.map(({ id, run_id, body, status }) => `${id} ${run_id} ${body} ${status}`)).size,
    ).toBe(1)
    expect(runs).toContain(rows[0]?.run_id)
    expect(rows[0]).toMatchObject({ body: rows[0]?.run_id, status: 'pending' })
    const about = `select subject from prefect.subject_index where kind = 'notification' and id = $1`
    expect(await test.database.query(about, [id])).toHaveLength(5)
  })
})

describe('a message that failed, tried again by a person', () => {
  it('waits for its next attempt after another failure, and is not failed before the last one', async () => {
    const toSend = await opened('RETRIED', 'sms', 'fr_retried')
    const after: unknown[] = []
    const database: Sql = {
      query: async (text, values) => {
        const rows = await test.database.query<never>(text, values)
        if (text.includes('attempts = attempts + 1')) {
          after.push((await outboxOf(test.database, 'B_RETRIED'))[0]?.status)
          // The outage is over after the third attempt.
          if (after.length === 3) world.twilio.behave('ok')
        }
        return rows
      },
    }
    const engine = new InMemoryEngine({ deps: { ...world.deps, database } })
    const hasty = { ...sendBy.sms, retry: { attempts: 2, firstDelaySeconds: 0.01 } }
    const sends = defineFlow({
      name: 'sends',
      description: 'test',
      parameters: z.object({}),
      subjects: () => [],
      estimatedMinutes: 1,
      run: (flow: Flow<GuestMessageDeps>) => flow.task(hasty, toSend),
    })
    world.twilio.behave('error')
    await engine.start({ runId: 'fr_retried', flow: sends, parameters: {} })
    expect((await engine.ended('fr_retried')).status).toBe('failed')
    expect(await engine.retry('fr_retried')).toMatchObject({ kind: 'retrying' })
    expect((await engine.ended('fr_retried')).status).toBe('completed')
    expect(after).toEqual(['pending', 'failed', 'pending', 'sent'])
    expect(world.told).toEqual(['sms failed', 'sms sent'])
  })
})

describe('telling the staff', () => {
  const told: StaffMessage = {
    channel: 'sms',
    recipient: '+84907777777',
    template: 'anomaly',
    subjectKey: 'anm_1',
    text: 'Water leak in room 201',
    subjects: ['room:201'],
  }
  const deps = () => ({
    ...world.deps,
    database: test.database,
    slack: createSlack({
      token: 'xoxb-test',
      apiUrl: slack.url,
      guard: createGuard({ service: 'slack', timeoutMs: 5_000 }),
      logger: silent,
    }),
  })

  it('by SMS and in Slack, once each', async () => {
    const context = contextOf('tell_staff')
    const inSlack = { ...told, channel: 'slack', recipient: 'U0DUTY0001' } as const
    expect(await notifyStaffMember.run(deps(), told, context)).toBe('sent')
    expect(await notifyStaffMember.run(deps(), inSlack, context)).toBe('sent')
    expect(await notifyStaffMember.run(deps(), told, contextOf('tell_staff'))).toBe('told_before')
    expect(world.twilio.messages).toMatchObject([{ to: told.recipient, body: told.text }])
    expect(slack.messages).toMatchObject([{ channel: 'U0DUTY0001', text: told.text }])
  })

  it('is kept in the sandbox where the channel is not configured', async () => {
    const bare = { ...deps(), sms: undefined }
    expect(await notifyStaffMember.run(bare, { ...told, subjectKey: 'anm_2' }, contextOf('tell_staff'))).toBe(
      'sandbox',
    )
    expect(world.told).toEqual(['sms sandbox'])
  })

  it('the duty manager whom Slack refuses is tried by SMS again', async () => {
    const dutyManager = { slack: 'bad channel', phone: told.recipient }
    const hotel = { ...world.deps.hotel, dutyManager }
    const alert = (runId: string, attempt: number) =>
      alertDutyManager.run(
        { ...deps(), hotel },
        { what: 'Moving the guest', bookingId: 'B_HALF' },
        contextOf('alert_duty_manager', { runId, attempt }),
      )
    world.twilio.behave('error')
    await expect(alert('fr_half', 1)).rejects.toMatchObject({ name: 'TryAgain' })
    world.twilio.behave('ok')
    await expect(alert('fr_half', 2)).rejects.toMatchObject({ name: 'GiveUp', code: 'slack_refused' })
    expect(world.twilio.messages).toMatchObject([{ to: told.recipient }])
  })

  it('gives up on a number that is none, and says so in the outbox', async () => {
    const wrong = { ...told, recipient: '+15005550001', subjectKey: 'anm_3' }
    await expect(notifyStaffMember.run(deps(), wrong, contextOf('tell_staff'))).rejects.toMatchObject({
      code: 'sms_refused',
    })
    const { notifications } = await listNotifications(
      test.database,
      { templates: ['anomaly'], channels: ['sms'], statuses: ['failed'] },
      { limit: 10, offset: 0 },
    )
    expect(notifications).toMatchObject([
      {
        recipient: '+15005550001',
        last_error: 'sms_refused: Twilio refused the message: 21211.',
        subject_line: null,
      },
    ])
  })
})
