/** Rooms and bookings, from outside: the specification's examples, and its scenario of a room that becomes ready. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SmtpSimulator, startSmtpSimulator } from '../../simulators/services/smtp.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { call, endedRun } from '../support/service-client.ts'
import { type ServiceProcess, startService } from '../support/service-process.ts'
import { expectSameForm } from './same-form.ts'

interface Example {
  endpoint: string
  request: Record<string, unknown>
  response: Record<string, unknown>
}
const file = join(import.meta.dirname, 'fixtures/seed-examples.json')
const examples = JSON.parse(readFileSync(file, 'utf8')) as Example[]
function example(path: string): Example {
  const found = examples.find(({ endpoint }) => endpoint === `POST /api/v1/prefect/${path}`)
  if (!found) throw new Error(`There is no example of ${path}`)
  return found
}

let test: TestDatabase
let service: ServiceProcess
let smtp: SmtpSimulator
beforeAll(async () => {
  test = await createTestDatabase()
  smtp = await startSmtpSimulator()
  service = await startService({
    DATABASE_URL: test.url,
    LOG_LEVEL: 'warn',
    SMTP_URL: smtp.url,
    EMAIL_FROM: 'Khách sạn Hoa Sen <le-tan@hoasen.example>',
    HOTEL_NAME: 'Khách sạn Hoa Sen',
    ROOM_READY_DELAY_SECONDS: '0',
    QUIET_HOURS: '00:00-00:00',
    NIGHT_AUDIT_AT: '00:00',
  })
})
afterAll(async () => {
  await service?.stop()
  await smtp?.close()
  await test?.drop()
})

const today = () => new Date(Date.now() + 7 * 3_600_000).toISOString().slice(0, 10)
const names = (body: { workflows_triggered: { workflow: string }[] }) =>
  body.workflows_triggered.map(({ workflow }) => workflow)
type Started = { workflow: string; flow_run_id: string }

describe('the examples of the specification', () => {
  it('room_status is accepted as written and answered field for field; both runs it names complete', async () => {
    const { request, response } = example('events/room_status')
    const { status, body } = await call(service, 'POST', 'events/room_status', request)
    expect(status).toBe(202)
    expectSameForm(body, response, ['status'])
    expect(names(body)).toEqual(['update_room_status_db', 'check_guest_waiting'])
    for (const { workflow, flow_run_id } of body.workflows_triggered as Started[]) {
      const asked = await call(service, 'GET', `workflows/status/${flow_run_id}`)
      expect(asked.status, `${workflow} can be asked about at once`).toBe(200)
      expect(await endedRun(service, flow_run_id)).toMatchObject({
        status: 'completed',
        workflow_name: workflow,
      })
    }
    const again = await call(service, 'POST', 'events/room_status', request)
    expect(again.body).toEqual(body)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
  })

  it('booking is accepted as written and answered field for field; the three runs complete', async () => {
    const { request, response } = example('events/booking')
    const { status, body } = await call(service, 'POST', 'events/booking', request)
    expect(status).toBe(202)
    expectSameForm(body, response, ['status'])
    expect(names(body)).toEqual(names(response as never))
    for (const { flow_run_id } of body.workflows_triggered as Started[]) {
      expect((await endedRun(service, flow_run_id)).status).toBe('completed')
    }
    const [booking] = await test.database.query(
      `select guest_name, room_number, check_in_date::text, check_out_date::text, total_amount::float8, status
       from bookings where id = 'BOOK001'`,
    )
    expect(booking).toEqual({
      ...{ guest_name: 'John Doe', room_number: '201', status: 'confirmed', total_amount: 5_000_000 },
      ...{ check_in_date: '2025-02-01', check_out_date: '2025-02-03' },
    })
  })

  it('a room that becomes dirty lists only the run that writes it down', async () => {
    const event = { room_number: '305', new_status: 'dirty', timestamp: '2025-01-17T11:00:00Z' }
    const { body } = await call(service, 'POST', 'events/room_status', event)
    expect(names(body)).toEqual(['update_room_status_db'])
  })

  it.each([
    [
      'ml_prediction',
      {
        prediction_type: 'churn_risk',
        subject: 'booking:BOOK001',
        value: 0.8,
        confidence: 0.9,
        model_name: 'm',
      },
      ['update_predictions'],
    ],
    [
      'anomaly',
      { anomaly_type: 'noise', severity: 'low', source: 'sensor_1', description: 'loud' },
      ['handle_anomaly'],
    ],
    [
      'booking',
      { booking_id: 'BOOK001', event_type: 'modified', room_data: { check_out: '2025-02-04' } },
      ['update_booking'],
    ],
  ])('%s starts its flows, which complete', async (kind, event, flows) => {
    const body = { ...event, timestamp: '2025-01-18T10:00:00Z' }
    const answer = await call(service, 'POST', `events/${kind}`, body)
    expect(answer.status, JSON.stringify(answer.body)).toBe(202)
    expect(names(answer.body)).toEqual(flows)
    for (const { flow_run_id } of answer.body.workflows_triggered as Started[]) {
      expect((await endedRun(service, flow_run_id)).status).toBe('completed')
    }
  })

  it('names what is missing in a new booking, and what is wrong in any event', async () => {
    const bare = { booking_id: 'B', event_type: 'new_booking', timestamp: '2025-01-17T10:00:00Z' }
    const { status, body } = await call(service, 'POST', 'events/booking', bare)
    expect(status).toBe(422)
    expect(body.errors.map(({ path }: { path: string }) => path)).toEqual([
      'body.guest_data',
      'body.room_data.check_in',
      'body.room_data.check_out',
    ])
    const wrong = { room_number: '201', new_status: 'sparkling', timestamp: '2025-01-17T11:00:00Z' }
    const refused = await call(service, 'POST', 'events/room_status', wrong)
    expect(refused.body.errors[0].message).toContain('must be one of dirty, pickup, clean')
  })
})

describe('a room becomes ready', () => {
  const becomesClean = (minute: string) => ({
    room_number: '202',
    old_status: 'dirty',
    new_status: 'clean',
    updated_by: 'EMP005',
    timestamp: `${today()}T00:${minute}:00+07:00`,
  })

  it('the waiting guest gets one e-mail in Vietnamese, guest_notified is set, and a repeat sends nothing', async () => {
    await test.database.query(
      `with room as (insert into rooms (room_number, room_type, floor, status) values ('202', 'deluxe', 2, 'dirty'))
       insert into bookings (id, guest_name, guest_email, room_number, check_in_date, check_out_date, status)
       values ('BOOK-VN', 'Nguyễn Thị Thu Hà', 'thu.ha@mail.example', '202', $1, $1::date + 2, 'confirmed')`,
      [today()],
    )
    const { body } = await call(service, 'POST', 'events/room_status', becomesClean('01'))
    const [, waiting] = body.workflows_triggered as Started[]
    const run = await endedRun(service, waiting?.flow_run_id as string)
    expect(run).toMatchObject({
      status: 'completed',
      result: { guest_notified: true, booking_id: 'BOOK-VN' },
    })

    const [mail, ...more] = smtp.mailbox('thu.ha@mail.example')
    expect(more).toEqual([])
    expect(mail?.subject).toMatch(/phòng/i)
    expect(mail?.text).toContain('Nguyễn Thị Thu Hà')
    expect(mail?.text).toContain('202')
    expect(mail?.html).toContain('lang="vi"')
    const [booking] = await test.database.query<{
      guest_notified: boolean
      notification_sent_at: Date | null
    }>(`select guest_notified, notification_sent_at from bookings where id = 'BOOK-VN'`)
    expect(booking?.guest_notified).toBe(true)
    expect(booking?.notification_sent_at).toBeInstanceOf(Date)
    const parent = await endedRun(service, run.parent_run_id)
    expect(parent).toMatchObject({
      workflow_name: 'update_room_status',
      result: { room_updated: true, guest_notified: true, booking_id: 'BOOK-VN' },
    })

    const second = await call(service, 'POST', 'events/room_status', becomesClean('02'))
    const again = await endedRun(
      service,
      (second.body.workflows_triggered as Started[])[1]?.flow_run_id as string,
    )
    expect(again).toMatchObject({ status: 'completed', result: { guest_notified: false } })
    expect(smtp.mailbox('thu.ha@mail.example')).toHaveLength(1)
    const { body: about } = await call(service, 'GET', 'notifications?subject=booking:BOOK-VN')
    expect(about).toMatchObject({
      total: 1,
      notifications: [{ channel: 'email', status: 'sent', language: 'vi' }],
    })
  })

  it('an older event that arrives late changes nothing', async () => {
    const late = { ...becomesClean('00'), new_status: 'dirty' }
    const { body } = await call(service, 'POST', 'events/room_status', late)
    await endedRun(service, (body.workflows_triggered as Started[])[0]?.flow_run_id as string)
    const status = await eventually('the room', async () => {
      const [room] = await test.database.query<{ status: string }>(
        `select status from rooms where room_number = '202'`,
      )
      return room?.status
    })
    expect(status).toBe('clean')
  })
})
