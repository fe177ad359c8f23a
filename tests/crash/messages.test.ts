/** A process killed after a service did its part and before that was recorded: what the guest sees of it. */
import { afterAll, beforeAll, expect, it } from 'vitest'
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
  test = await createTestDatabase()
})
afterAll(async () => {
  await service?.kill()
  await world?.close()
  await test?.drop()
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
async function write(guest: { name: string; email?: string; phone?: string }): Promise<string> {
  const id = `B${guests++}`
  await test.database.query(
    `insert into bookings (id, guest_name, guest_email, guest_phone, guest_language, room_number, check_in_date,
                           check_out_date, status)
     values ($1, $4, $2, $3, 'vi', '201', current_date, current_date + 2, 'checked_in')`,
    [id, guest.email ?? null, guest.phone ?? null, guest.name],
  )
  const parameters = { template: 'checkout_thanks', booking_id: id }
  const request = { workflow_name: 'send_guest_notification', parameters }
  const { status, body } = await call(service, 'POST', 'workflows/trigger', request)
  expect(status, JSON.stringify(body)).toBe(201)
  return body.flow_run_id
}

it('killed between sending and recording: each guest sees one message, and a text is generated once', async () => {
  service = await start()
  world.smtp.behave('hang')
  const texted = holdsAfter(world.twilio, ({ method }) => method === 'POST')
  const generated = holdsAfter(world.llm, (request) => request.text.includes('Hoa'))
  const runs = [
    await write({ name: 'Nam', phone: '+84901112233' }),
    await write({ name: 'Quang', email: 'quang@mail.example' }),
    await write({ name: 'Hoa', email: 'hoa@mail.example' }),
  ]
  await Promise.all([texted, generated])
  await eventually('the mail to be taken', () => world.smtp.mails.length === 1)
  expect(world.twilio.messages).toHaveLength(1)
  await service.kill()
  world.smtp.behave('ok')
  world.twilio.watch(undefined)
  world.llm.watch(undefined)
  const before = world.llm.generated()

  service = await start()
  for (const id of runs) {
    expect(await endedRun(service, id)).toMatchObject({ status: 'completed', result: { status: 'sent' } })
  }
  // Twilio takes no key, and was asked first.
  expect(world.twilio.messages).toHaveLength(1)
  // The mail server has the mail twice, under one Message-ID; the mailbox shows it once.
  expect(world.smtp.mails.filter(({ to }) => to.includes('quang'))).toHaveLength(2)
  expect(world.smtp.mailbox('quang@mail.example')).toHaveLength(1)
  // The LLM knows the key: the repeat is answered with what was written first.
  expect(world.llm.generated()).toBe(before)
  expect(world.smtp.mailbox('hoa@mail.example')).toHaveLength(1)
})

/** Resolves when such a request was handled; its answer never goes out. */
function holdsAfter(
  simulator: Pick<OutsideWorld['llm'], 'watch'>,
  wanted: (request: { method: string; text: string }) => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    simulator.watch((phase, request) => {
      if (phase !== 'after' || !wanted(request)) return undefined
      resolve()
      return new Promise(() => {})
    })
  })
}
