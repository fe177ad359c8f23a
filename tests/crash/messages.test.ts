/** A process killed after a service did its part and before that was recorded: what the guest sees of it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type OutsideWorld, startOutsideWorld } from '../../simulators/outside-world.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { call, endedRun } from '../support/service-client.ts'
import { type ServiceProcess, startService } from '../support/service-process.ts'

let test: TestDatabase
let world: OutsideWorld
let service: ServiceProcess
let guests = 0

beforeAll(async () => {
  world = await startOutsideWorld('Asia/Ho_Chi_Minh')
})
afterAll(() => world?.close())
beforeEach(async () => {
  test = await createTestDatabase()
  return async () => {
    await service?.kill()
    await test.drop()
  }
})

const start = () =>
  startService({
    ...world.settings,
    DATABASE_URL: test.url,
    LOG_LEVEL: 'warn',
    QUIET_HOURS: '00:00-00:00',
    DATABASE_POOL_SIZE: '6',
  })

/** A message to a guest who has only these contacts; the run that sends it. */
async function write(contact: { email?: string; phone?: string }): Promise<string> {
  const id = `B${guests++}`
  await test.database.query(
    `insert into bookings (id, guest_name, guest_email, guest_phone, guest_language, room_number, check_in_date,
                           check_out_date, status)
     values ($1, 'Lê Văn Quang', $2, $3, 'vi', '201', current_date, current_date + 2, 'checked_in')`,
    [id, contact.email ?? null, contact.phone ?? null],
  )
  const parameters = { template: 'checkout_thanks', booking_id: id }
  const request = { workflow_name: 'send_guest_notification', parameters }
  const { status, body } = await call(service, 'POST', 'workflows/trigger', request)
  expect(status, JSON.stringify(body)).toBe(201)
  return body.flow_run_id
}

async function killAndReturn(): Promise<void> {
  await service.kill()
  service = await start()
}

describe('killed between sending and recording', () => {
  it('SMS: Twilio is asked first, and the guest gets one message', async () => {
    service = await start()
    const killed = killedAfter(world.twilio, ({ method }) => method === 'POST')
    const runId = await write({ phone: '+84901112233' })
    await killed
    expect(world.twilio.messages).toHaveLength(1)
    service = await start()
    expect(await endedRun(service, runId)).toMatchObject({ status: 'completed', result: { status: 'sent' } })
    expect(world.twilio.messages).toHaveLength(1)
  })

  it('email: the repeat has the same Message-ID, and the mailbox shows one', async () => {
    service = await start()
    world.smtp.behave('hang')
    const runId = await write({ email: 'quang@mail.example' })
    await eventually('the mail to be taken', () => world.smtp.mails.length === 1)
    world.smtp.behave('ok')
    await killAndReturn()
    expect(await endedRun(service, runId)).toMatchObject({ status: 'completed', result: { status: 'sent' } })
    expect(world.smtp.mails).toHaveLength(2)
    expect(world.smtp.mailbox('quang@mail.example')).toHaveLength(1)
  })

  it('LLM: the repeat has the same idempotency key, and the text is generated once', async () => {
    service = await start()
    const before = world.llm.generated()
    const killed = killedAfter(world.llm, () => true)
    const runId = await write({ email: 'hoa@mail.example' })
    await killed
    service = await start()
    expect(await endedRun(service, runId)).toMatchObject({ status: 'completed', result: { status: 'sent' } })
    expect(world.llm.generated()).toBe(before + 1)
    expect(world.smtp.mailbox('hoa@mail.example')).toHaveLength(1)
  })
})

/** Resolves when the service was killed: once, after the request was handled and before its answer went out. */
function killedAfter(
  simulator: Pick<OutsideWorld['llm'], 'watch'>,
  wanted: (request: { method: string }) => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    simulator.watch(async (phase, request) => {
      if (phase !== 'after' || !wanted(request)) return
      simulator.watch(undefined)
      await service.kill()
      resolve()
    })
  })
}
