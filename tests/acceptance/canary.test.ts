/**
 * What is private stays where it belongs. A service that writes down all it can is sent names, addresses and free texts
 * that occur nowhere else, good and bad, while other services refuse, fail and repeat what they were sent. Then all that
 * leaves the service about itself is searched for them: logs, metrics, health, refusals, traces, measurements, error reports.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ServiceSimulator, startServiceSimulator } from '../../simulators/services/service-simulator.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { ANYTHING } from '../support/planned-warnings.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'
import { type Answer, call } from '../support/service-client.ts'
import { type ServiceProcess, startService } from '../support/service-process.ts'

const PERSONAL = {
  name: 'Kanaria Vogelsang',
  email: 'kanaria.vogelsang@kanari.example',
  phone: '+84905550143',
  text: 'kanari singt: the safe code is 71-93-18',
}
const secret = (what: string) => `geheim-kanari-${what}`
const SECRETS = {
  API_KEYS: secret('api-key-long-enough'),
  SLACK_BOT_TOKEN: secret('slack'),
  smtp: secret('smtp'),
  TWILIO_ACCOUNT_SID: 'AC6b616e617269000000000000000000f1',
  TWILIO_AUTH_TOKEN: secret('twilio'),
  LLM_API_KEY: secret('llm'),
  ML_API_KEY: secret('ml'),
  CV_API_KEY: secret('cv'),
  PMS_API_KEY: secret('pms'),
  S3_ACCESS_KEY_ID: secret('s3-id'),
  S3_SECRET_ACCESS_KEY: secret('s3'),
  INFLUX_TOKEN: secret('influx'),
  /** Somebody's, that this service does not know. */
  wrongKey: secret('wrong-key'),
}
const CANARIES = [...Object.values(PERSONAL), ...Object.values(SECRETS), 'kanari', '5550143', '71-93-18']

const at = '2025-01-17T01:30:00Z'
const { name, email, phone, text } = PERSONAL
const punch = (employee_id: string) => ({
  ...{ employee_id, timestamp: at, action: 'check_in', confidence: 0.98 },
  metadata: { name, email, phone, note: text },
})
const booking = {
  ...{ booking_id: 'BOOK77', event_type: 'new_booking', timestamp: at },
  guest_data: { guest_id: 'GUEST77', name, email, phone, language: 'en' },
  room_data: { room_number: '201', room_type: 'deluxe', check_in: '2099-02-01', check_out: '2099-02-03' },
}
/** Who has no address is written to by phone. */
const byPhone = {
  ...{ ...booking, booking_id: 'BOOK78' },
  guest_data: { guest_id: 'GUEST78', name, phone, language: 'en', channels: ['sms'] },
}
const GOOD: Record<string, object[]> = {
  // The second has a name in the personnel data and comes late, the third is more than the database takes.
  attendance: [punch('E1'), punch('E2'), punch('E3')],
  room_status: [
    { room_number: '201', new_status: 'clean', updated_by: 'EMP5', timestamp: at, reason: text },
    { room_number: '202', new_status: 'out_of_order', updated_by: 'EMP5', timestamp: at, reason: text },
  ],
  booking: [
    ...[booking, { ...booking, event_type: 'modified' }, { ...booking, event_type: 'cancelled' }],
    ...[byPhone, { ...byPhone, event_type: 'checked_in' }, { ...byPhone, event_type: 'checked_out' }],
  ],
  ml_prediction: [
    {
      ...{ prediction_type: 'churn_risk', subject: 'booking:BOOK77', model_name: 'churn', timestamp: at },
      ...{ confidence: 0.9, value: { risk: 0.8, name, why: text } },
    },
  ],
  anomaly: [
    {
      ...{ anomaly_type: 'water_leak', severity: 'critical', source: 'sensor_1', timestamp: at },
      ...{ description: text, location: text, details: { name, email, phone } },
    },
  ],
}

let test: TestDatabase
let service: ServiceProcess
let others: ServiceSimulator
const receivers: Receiver[] = []
const refusals: Answer[] = []
const shown: string[] = []
const get = (path: string) => call(service, 'GET', path, undefined, withKey)
const withKey = { authorization: `Bearer ${SECRETS.API_KEYS}` }

beforeAll(async () => {
  test = await createTestDatabase()
  await prepareHotel()
  // Whatever it is asked, it refuses, and repeats what it was told.
  others = await startServiceSimulator({
    handle: ({ text, path }) => ({ status: 400, body: { error: `refused: ${text} ${path}`, message: text } }),
  })
  receivers.push(await openReceiver(), await openReceiver(), await openReceiver())
  for (const receiver of receivers) receiver.answer(204)
  const environment = { DATABASE_URL: test.url, LOG_LEVEL: 'trace', ...settings() }
  service = await startService(environment, { planned: ANYTHING })
  await live()
  await service.stop()
}, 180_000)
afterAll(async () => {
  await service?.stop()
  await others?.close()
  for (const receiver of receivers) await receiver.close()
  await test?.drop()
})

function settings(): Record<string, string> {
  const [traces, influx, sentry] = receivers.map(({ url }) => url)
  const { API_KEYS, smtp, wrongKey: _, ...secrets } = SECRETS
  const { url } = others
  return {
    ...secrets,
    ...{ API_KEYS: `tester:${API_KEYS}:admin`, SMTP_URL: `smtp://mailer:${smtp}@127.0.0.1:9` },
    ...{ SLACK_API_URL: `${url}/`, TWILIO_API_URL: url, TWILIO_SMS_FROM: '+15005550006' },
    ...{ LLM_URL: url, ML_URL: url, CV_URL: url, PMS_URL: url, PMS_KIND: 'rest', PMS_PROPERTY_ID: 'P1' },
    ...{ S3_BUCKET: 'hotel', S3_ENDPOINT: url, DUTY_MANAGER_SLACK: 'U0DUTY', QUIET_HOURS: '00:00-00:00' },
    ...{ OTEL_EXPORTER_OTLP_ENDPOINT: traces ?? '', INFLUX_URL: influx ?? '' },
    SENTRY_DSN: (sentry ?? '').replace('http://', 'http://key@').concat('/1'),
  }
}

/** E2 has a name and a supervisor; what is written of E3 the database refuses, in words that say all it was given. */
async function prepareHotel(): Promise<void> {
  const { query } = test.database
  await query(`insert into supervisors (department, slack_user_id) values ('Front Office', 'U0BOSS')`)
  await query(`insert into employees (id, name, department) values ('E2', $1, 'Front Office')`, [name])
  await query(`insert into employee_schedules (employee_id, day_of_week, start_time, end_time)
               values ('E2', 4, '08:00', '16:00')`)
  await query(`
    create function refuse() returns trigger language plpgsql as $$
    begin
      raise exception 'no place for ${name} <${email}>' using detail = '${text}', hint = '${phone}';
    end $$`)
  await query(`create trigger refuse before insert on attendance_logs
               for each row when (new.employee_id = 'E3') execute function refuse()`)
}

/** A day in the life of the service. */
async function live(): Promise<void> {
  for (const [kind, events] of Object.entries(GOOD)) {
    for (const event of events) {
      const { status, body } = await call(service, 'POST', `events/${kind}`, event, withKey)
      if (status === 202) continue
      throw new Error(`${kind} was answered with ${status}: ${JSON.stringify(body)}`)
    }
    await beRefused(kind, events[0] ?? {})
  }
  for (const mode of ['ok', 'error', 'garbled'] as const) {
    others.behave(mode)
    await start('handle_guest_request', { room_number: '201', guest_id: 'GUEST77', text, language: 'en' })
    const message = { template: 'request_received', booking_id: 'BOOK78', subject_key: mode }
    await start('send_guest_notification', { ...message, variables: { request: text } })
    await settled()
  }
  await eventually('the database to have refused to the end', () =>
    service.logs().includes('"log_attendance_to_db"'),
  )
  await lookAround()
  // Faults of the service itself, in the middle of a request.
  await test.database.query(
    'create trigger refuse before insert on prefect.events for each row execute function refuse()',
  )
  refusals.push(await call(service, 'POST', 'events/anomaly', GOOD.anomaly?.[0], withKey))
}

async function start(workflow_name: string, parameters: object): Promise<void> {
  const { status, body } = await call(
    service,
    'POST',
    'workflows/trigger',
    { workflow_name, parameters },
    withKey,
  )
  if (status !== 201) throw new Error(`${workflow_name} was answered with ${status}: ${JSON.stringify(body)}`)
}

/** Everything that is wrong, with something private in it. */
async function beRefused(kind: string, event: object): Promise<void> {
  const wrong = Object.fromEntries(Object.keys(event).map((field) => [field, { name, text, phone }]))
  const words = Object.fromEntries(Object.keys(event).map((field) => [field, `${text}\u0000${email}`]))
  const bodies = [wrong, words, [name], JSON.stringify(event).slice(0, -2), `"${text}`]
  for (const body of bodies) refusals.push(await call(service, 'POST', `events/${kind}`, body, withKey))
  const key = { ...withKey, 'idempotency-key': `key-${kind}` }
  await call(service, 'POST', `events/${kind}`, event, key)
  refusals.push(await call(service, 'POST', `events/${kind}`, { ...event, more: text }, key))
  const keys = [{ authorization: `Bearer ${SECRETS.wrongKey}` }, { 'x-api-key': SECRETS.wrongKey }]
  for (const headers of keys) refusals.push(await call(service, 'POST', `events/${kind}`, event, headers))
  for (const parameters of [wrong, words]) {
    const asked = { workflow_name: 'process_attendance', parameters, scheduled_time: text }
    refusals.push(await call(service, 'POST', 'workflows/trigger', asked, withKey))
  }
}

/** Every run has ended, or waits: for its next attempt, for somebody, for its time, for a child that does. */
async function settled(): Promise<void> {
  const busy = () =>
    test.database.query<{ id: string }>(
      `select id from prefect.flow_run_states s
       where status in ('pending', 'running', 'late', 'cancelling')
         and not exists (select from prefect.flow_runs r where r.id = s.id and r.announced)
         and not exists (select from prefect.flow_run_states child
                         where child.parent_run_id = s.id and child.completed_at is null)`,
    )
  await eventually('the runs to end or to wait', async () => (await busy()).length === 0, 60)
}

async function lookAround(): Promise<void> {
  await eventually('an error report', () => receivers.every(({ received }) => received.length > 0))
  const metrics = await fetch(`${service.url}/metrics`, { headers: withKey })
  shown.push(await metrics.text(), JSON.stringify((await get('health')).body))
}

/** Up to five places where one was seen, each with what stands before it. */
function sightings(told: readonly string[]): string[] {
  const seen = told.flatMap((text) => {
    const haystack = text.toLowerCase()
    const places = CANARIES.map((canary) => haystack.indexOf(canary.toLowerCase())).filter((at) => at >= 0)
    if (places.length === 0) return []
    const place = Math.min(...places)
    return [text.slice(Math.max(0, place - 300), place + 60)]
  })
  return seen.slice(0, 5)
}

it('the canaries were there to be told: the service kept them, and the other services were sent some', async () => {
  const [{ kept } = { kept: '' }] = await test.database.query<{ kept: string }>(
    'select string_agg(body::text, chr(10)) as kept from prefect.events',
  )
  for (const canary of Object.values(PERSONAL)) expect(kept).toContain(canary)
  expect(others.requests.map(({ form }) => form().get('text')).join()).toContain(name)
  const asked = others.requests.map(({ path }) => path).join()
  for (const called of ['chat.postMessage', 'classify_request', 'churn', 'Messages.json'])
    expect(asked).toContain(called)
})

it('the bad requests were refused', () => {
  const statuses = new Set(refusals.map(({ status }) => status))
  expect([...statuses].sort()).toEqual([400, 401, 409, 422, 500])
})

it('no log line has one', () => {
  const lines = service.logs().split('\n')
  expect(lines.length).toBeGreaterThan(20)
  for (const told of ['run failed', 'request failed']) expect(service.logs()).toContain(told)
  expect(sightings(lines)).toEqual([])
})

it('no metric and no health answer has one', () => {
  expect(shown.join()).toContain('prefect_workflow_runs_total')
  expect(sightings(shown)).toEqual([])
})

it('no refusal repeats what it refuses', () => {
  expect(sightings(refusals.map(({ body }) => JSON.stringify(body)))).toEqual([])
})

it('no trace, measurement or error report has one', () => {
  for (const { received } of receivers) {
    expect(received).not.toEqual([])
    expect(sightings(received.map(({ text }) => text))).toEqual([])
  }
})
