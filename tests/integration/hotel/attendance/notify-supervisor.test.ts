import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type SlackSimulator, startSlackSimulator } from '../../../../simulators/services/slack.ts'
import type { Punch } from '../../../../src/hotel/attendance/attendance.tasks.ts'
import { notifySupervisor } from '../../../../src/hotel/attendance/notify.tasks.ts'
import { createSlack } from '../../../../src/platform/channels/slack/web-api.ts'
import type { TaskContext } from '../../../../src/platform/engine/flow.ts'
import { createGuard } from '../../../../src/platform/outbound/service-guard.ts'
import { createTestDatabase } from '../../../support/database.ts'
import { contextOf } from '../../../support/task-context.ts'
import { depsOn } from './punches.ts'

type TestDatabase = Awaited<ReturnType<typeof createTestDatabase>>
let test: TestDatabase
let slack: SlackSimulator
beforeAll(async () => {
  test = await createTestDatabase()
  await test.database.query(
    `insert into supervisors (department, slack_user_id) values
       ('Kitchen', 'U0KITCH001'), ('Security', 'U0SECUR001'), ('Security', 'bad channel'), ('Security', 'U0SECUR002')`,
  )
})
afterAll(() => test?.drop())
beforeEach(async () => {
  slack = await startSlackSimulator()
})
afterEach(() => slack.close())

function late(employeeId: string, department: string | null = 'Kitchen'): Punch {
  return {
    kind: 'logged',
    logId: 1,
    employeeId,
    employeeName: 'Phạm <Minh> Đức',
    department,
    action: 'check_in',
    isLate: true,
    lateMinutes: 17,
    shiftDate: '2025-01-17',
    samePunch: false,
  }
}

function notify(punch: Punch, context: Partial<TaskContext> = {}, token: string | undefined = 'xoxb-test') {
  const guard = createGuard({ service: 'slack', timeoutMs: 5_000 })
  const settings = { apiUrl: slack.url, guard, logger: pino({ level: 'silent' }) }
  const deps = depsOn(test.database, token === undefined ? undefined : createSlack({ token, ...settings }))
  return notifySupervisor.run(deps, punch, contextOf('notify_supervisor', context))
}

function sandboxed(punch: Punch) {
  return notifySupervisor.run(depsOn(test.database), punch, contextOf('notify_supervisor'))
}

function outboxOf(employeeId: string) {
  return test.database.query<Record<string, unknown>>(
    `select recipient, template, channel, status, provider_id, attempts, last_error, subjects, body,
            sent_at is not null as has_sent_at
     from prefect.notifications where subject_key = $1 order by recipient`,
    [`${employeeId}:2025-01-17`],
  )
}

describe('telling the supervisor', () => {
  it('sends the alert, marks it sent and indexes its subject', async () => {
    await notify(late('TOLD'))
    const body =
      '⚠ *Late Check-in Alert*\n\nEmployee: Phạm &lt;Minh&gt; Đức (TOLD)\nLate by: 17 minutes\nDepartment: Kitchen'
    expect(slack.messages).toMatchObject([{ channel: 'U0KITCH001', text: body }])
    expect(await outboxOf('TOLD')).toEqual([
      {
        recipient: 'U0KITCH001',
        template: 'late_check_in',
        channel: 'slack',
        status: 'sent',
        provider_id: slack.messages[0]?.ts,
        attempts: 1,
        last_error: null,
        subjects: ['employee:TOLD'],
        body,
        has_sent_at: true,
      },
    ])
    const indexed = await test.database.query(
      `select n.recipient from prefect.subject_index i join prefect.notifications n on n.id = i.id
       where i.subject = 'employee:TOLD' and i.kind = 'notification'`,
    )
    expect(indexed).toEqual([{ recipient: 'U0KITCH001' }])
  })

  it('tells once per employee and shift, whichever run asks', async () => {
    await notify(late('ONCE'))
    await notify({ ...late('ONCE'), lateMinutes: 9 })
    expect(slack.messages).toHaveLength(1)
    await notify({ ...late('ONCE'), shiftDate: '2025-01-18' })
    expect(slack.messages).toHaveLength(2)
  })

  it('two runs at once send one message', async () => {
    await Promise.all(Array.from({ length: 8 }, () => notify(late('RACE'))))
    expect(slack.messages).toHaveLength(1)
  })

  it('without a token keeps it in the sandbox', async () => {
    await sandboxed(late('SANDBOX'))
    await sandboxed(late('SANDBOX'))
    expect(await outboxOf('SANDBOX')).toMatchObject([{ status: 'sandbox', attempts: 0, provider_id: null }])
    await notify(late('SANDBOX'))
    expect(slack.calls()).toBe(0)
  })

  it('without a supervisor or a department there is nobody to tell', async () => {
    const lines: string[] = []
    const log = (line: string) => void lines.push(line)
    await notify(late('ALONE', 'Gardening'), { log })
    await notify(late('ALONE', null), { log })
    expect(lines).toEqual(Array(2).fill('nobody to tell: the department has no supervisor'))
    expect(await outboxOf('ALONE')).toEqual([])
  })

  it('one unreachable supervisor does not keep the others uninformed', async () => {
    await expect(notify(late('SPREAD', 'Security'))).rejects.toMatchObject({
      name: 'GiveUp',
      code: 'slack_refused',
    })
    expect(slack.messages.map(({ channel }) => channel)).toEqual(['U0SECUR001', 'U0SECUR002'])
    expect(await outboxOf('SPREAD')).toMatchObject([
      {
        recipient: 'bad channel',
        status: 'failed',
        last_error: 'slack_refused: Slack refused the message: channel_not_found.',
      },
      { status: 'sent' },
      { status: 'sent' },
    ])
  })
})

describe('when Slack does not take it', () => {
  it('rate limited: try again after the time it says, then sent by the next attempt', async () => {
    slack.behave('rate_limited', { retryAfterSeconds: 7 })
    const attempt = notify(late('LIMITED'), { runId: 'fr_limited' })
    await expect(attempt).rejects.toMatchObject({
      name: 'TryAgain',
      code: 'slack_rate_limited',
      afterSeconds: 7,
    })
    expect(await outboxOf('LIMITED')).toMatchObject([{ status: 'pending', attempts: 1 }])
    slack.behave('ok')
    await notify(late('LIMITED'), { runId: 'fr_limited', attempt: 2 })
    expect(await outboxOf('LIMITED')).toMatchObject([{ status: 'sent', attempts: 2, last_error: null }])
  })

  it('an error of its own: try again; the last attempt leaves it failed, for another run to take over', async () => {
    slack.behave('error')
    for (const attempt of [1, 2, 3]) {
      const failing = notify(late('DOWN'), { runId: 'fr_down', attempt, lastAttempt: attempt === 3 })
      await expect(failing).rejects.toMatchObject({ name: 'TryAgain', code: 'slack_unavailable' })
      expect(await outboxOf('DOWN')).toMatchObject([
        {
          status: attempt < 3 ? 'pending' : 'failed',
          attempts: attempt,
          last_error: 'slack_unavailable: Slack answered with HTTP status 500.',
        },
      ])
    }
    slack.behave('ok')
    await notify(late('DOWN'), { runId: 'fr_other' })
    expect(slack.messages).toHaveLength(1)
    expect(await outboxOf('DOWN')).toMatchObject([{ status: 'sent', attempts: 4 }])
  })

  it('refused for good: failed and given up at once', async () => {
    slack.behave('invalid_auth')
    await expect(notify(late('REFUSED'))).rejects.toMatchObject({ name: 'GiveUp', code: 'slack_refused' })
    expect(await outboxOf('REFUSED')).toMatchObject([
      {
        status: 'failed',
        attempts: 1,
        last_error: 'slack_refused: Slack refused the message: invalid_auth.',
      },
    ])
  })

  it('a message another run is sending is left to it', async () => {
    slack.behave('error')
    await notify(late('THEIRS'), { runId: 'fr_first' }).catch(() => {})
    slack.behave('ok')
    await notify(late('THEIRS'), { runId: 'fr_second' })
    expect(slack.messages).toHaveLength(0)
    await notify(late('THEIRS'), { runId: 'fr_first', attempt: 2 })
    expect(slack.messages).toHaveLength(1)
  })
})
