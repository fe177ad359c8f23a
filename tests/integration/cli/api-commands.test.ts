import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { RUN_FAILED } from '../../support/planned-warnings.ts'
import { type ServiceProcess, startService } from '../../support/service-process.ts'
import { expectFailure, prefectService } from './command-line.ts'

const PUNCH = [
  '--param',
  'timestamp=2025-01-17T01:30:00Z',
  '--param',
  'action=check_in',
  '--param',
  'confidence=0.98',
]

let test: TestDatabase
let service: ServiceProcess
let reader: { secret: string }
let starter: { secret: string }
const env: Record<string, string> = {}
const cli = (...args: string[]) => prefectService(args, env)
const json = async (...args: string[]) => JSON.parse((await cli(...args, '--json')).out)

beforeAll(async () => {
  test = await createTestDatabase()
  const key = (scope: string) =>
    prefectService(['keys', 'create', '--name', scope, '--scope', scope, '--json'], {
      DATABASE_URL: test.url,
    })
  const environment = {
    DATABASE_URL: test.url,
    LOG_LEVEL: 'warn',
    API_KEYS: 'first:0123456789abcdef',
  }
  service = await startService(environment, { planned: [RUN_FAILED] })
  reader = JSON.parse((await key('read')).out)
  starter = JSON.parse((await key('workflows:write')).out)
  env.PREFECT_SERVICE_URL = service.url
  env.PREFECT_SERVICE_KEY = JSON.parse((await key('admin')).out).secret
})
afterAll(async () => {
  await service?.stop()
  await test?.drop()
})

describe('trigger', () => {
  it('starts a run, waits for its end and shows its tasks', async () => {
    const { code, out, err } = await cli(
      'trigger',
      'process_attendance',
      ...PUNCH,
      '--param',
      'employee_id=W1',
      '--wait',
    )
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^Run +fr_\w+$/m)
    expect(out).toMatch(/^Status +completed$/m)
    expect(out).toMatch(/^About +employee:W1$/m)
    expect(out).toMatch(/^log_attendance_to_db +completed /m)
    expect(out).toMatch(/^Result +\{"log_id":\d+,"is_late":false,"status":"completed"\}$/m)
  })

  it('fails with the run, naming its error, when it is told to wait', async () => {
    const params = JSON.stringify({
      employee_id: 'L1',
      timestamp: '2025-01-17T01:30:00Z',
      action: 'check_in',
    })
    const args = [
      'process_attendance',
      '--params-json',
      params,
      '--param',
      'confidence=0.4',
      '--wait',
      '--json',
    ]
    const { code, out, err } = await cli('trigger', ...args)
    expect(code).toBe(1)
    expect(err).toMatch(
      /^prefect-service: The run fr_\w+ is failed: low_confidence: Confidence 0\.4 is below 0\.7/,
    )
    expect(JSON.parse(out)).toMatchObject({ status: 'failed', error: { code: 'low_confidence' } })
  })

  it('schedules, and finds the same run again by its key', async () => {
    const at = '2099-01-17T08:00:00'
    const args = ['process_attendance', ...PUNCH, '--param', 'employee_id="0042"', '--at', at, '--key', 'k1']
    const first = await json('trigger', ...args)
    // Without an offset it is the hotel's own clock, seven hours ahead.
    expect(first).toMatchObject({ status: 'scheduled', scheduled_start: '2099-01-17T01:00:00Z' })
    expect(first.parameters.employee_id).toBe('0042')
    const again = await cli('trigger', ...args)
    expect(again.out).toMatch(new RegExp(`^Run +${first.flow_run_id}$`, 'm'))
    expect(again.out).toContain('the key was used before')
    const other = await cli(
      'trigger',
      'process_attendance',
      ...PUNCH,
      '--param',
      'employee_id=other',
      '--key',
      'k1',
    )
    expectFailure(other, 1, /idempotency key "k1" was used before with another body/)
  })

  it('reads each parameter as the workflow has it', async () => {
    const numbered = await json('trigger', 'process_attendance', ...PUNCH, '--param', 'employee_id=201')
    expect(numbered.parameters).toMatchObject({ employee_id: '201', confidence: 0.98 })
    const request = ['--param', 'room_number=201', '--param', 'text=2']
    const { parameters } = await json('trigger', 'handle_guest_request', ...request)
    expect(parameters).toEqual({ room_number: '201', text: '2' })
  })

  it('reads them by their looks with a key that may not see the catalogue', async () => {
    const blind = { ...env, PREFECT_SERVICE_KEY: starter.secret }
    const args = ['trigger', 'process_attendance', ...PUNCH, '--param', 'employee_id=B1', '--json']
    const { out, err } = await prefectService(args, blind)
    expect(err).toBe('')
    expect(JSON.parse(out).parameters).toMatchObject({ employee_id: 'B1', confidence: 0.98 })
  })

  it('names every wrong field, unknown workflows, and wrong usage', async () => {
    const wrong = await cli(
      'trigger',
      'process_attendance',
      '--param',
      'employee_id=',
      '--param',
      'confidence=high',
    )
    expectFailure(wrong, 1, /^ {2}body\.parameters\.employee_id: /m)
    expect(wrong.err).toMatch(/^ {2}body\.parameters\.confidence: .*number/m)
    expectFailure(await cli('trigger', 'proces_attendance'), 1, /Did you mean "process_attendance"/)
    expectFailure(await cli('trigger'), 2, /missing required argument 'workflow'/)
    expectFailure(await cli('trigger', 'x', '--param', 'novalue'), 2, /Write it as key=value/)
    expectFailure(await cli('trigger', 'x', '--params-json', '{'), 2, /It is not JSON/)
    expectFailure(await cli('trigger', 'x', '--params-json', '[1]'), 2, /must be a JSON object/)
  })
})

describe('runs', () => {
  it('lists what the filters let through, as a table and as JSON', async () => {
    const page = await json('runs', '--subject', 'employee:L1')
    expect(page).toMatchObject({
      total: 1,
      workflow_runs: [{ workflow_name: 'process_attendance', status: 'failed' }],
    })
    const { out } = await cli(
      'runs',
      '--workflow',
      'process_attendance',
      '--status',
      'failed',
      '--limit',
      '1',
    )
    const [heading = '', row = ''] = out.split('\n')
    expect(heading).toMatch(/^RUN +WORKFLOW +STATUS +STARTED +TOOK +ABOUT$/)
    expect(row.indexOf('employee:L1')).toBe(heading.indexOf('ABOUT'))
    expect((await cli('runs', '--subject', 'employee:nobody')).out).toBe('There are no such runs.\n')
    const { out: second } = await cli('runs', '--limit', '1', '--offset', '1')
    expect(second).toMatch(/^2 to 2 of \d+: see others with --offset and --limit$/m)
    expect((await json('runs', '--before', '2001-01-01T00:00:00Z')).total).toBe(0)
    const ended = await json('runs', '--status', 'failed,completed', '--limit', '1')
    expect(ended.total).toBeGreaterThan(1)
    const next = await cli(
      'runs',
      '--status',
      'failed,completed',
      '--limit',
      '1',
      '--cursor',
      ended.next_cursor,
    )
    expect(next.out).toMatch(/^1 more of \d+$/m)
    expect(next.out).not.toContain(ended.workflow_runs[0].flow_run_id)
    expect((await json('runs', '--flagged')).total).toBe(0)
    expect((await json('runs', '--query', 'employee:L')).workflow_runs[0].subjects).toEqual(['employee:L1'])
  })

  it('shows one run with its error, tasks and attempts', async () => {
    const [run] = (await json('runs', '--subject', 'employee:L1')).workflow_runs
    const { out } = await cli('runs', run.flow_run_id)
    expect(out).toMatch(/^Error +low_confidence: Confidence 0\.4 is below 0\.7/m)
    expect(out).toMatch(/^In task +validate_attendance_event$/m)
    expect(out).toMatch(/^TASK +STATUS +STARTED +TOOK +RETRIES$/m)
    expect(await json('runs', run.flow_run_id)).toMatchObject({
      flow_run_id: run.flow_run_id,
      state: 'Failed',
    })
  })

  it('says what is wrong', async () => {
    expectFailure(await cli('runs', 'fr_unknown'), 1, /There is no workflow run "fr_unknown"/)
    expectFailure(await cli('runs', '--limit', '9999'), 1, /^ {2}query\.limit: /m)
    expectFailure(await cli('runs', '--after', 'yesterday'), 1, /^ {2}query\.started_after: .*ISO 8601/m)
    expectFailure(await cli('runs', '--status', 'done'), 2, /Allowed choices are scheduled, /)
    expectFailure(await cli('runs', '--nonsense'), 2, /unknown option '--nonsense'/)
    expectFailure(await cli('run'), 2, /unknown command 'run'/)
  })
})

describe('events', () => {
  const ringing = '\u001b]0;owned\u0007'
  const punch = {
    employee_id: `E1${ringing}`,
    timestamp: '2025-01-17T01:30:00Z',
    action: 'check_in',
    confidence: 0.9,
  }
  const post = (body: unknown) =>
    fetch(`${service.url}/api/v1/prefect/events/attendance`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${env.PREFECT_SERVICE_KEY}` },
      body: JSON.stringify(body),
    }).then((answer) => answer.json() as Promise<{ event_id: string; flow_run_id: string }>)

  it('lists and shows them, whatever they hold, and replays one', async () => {
    const accepted = await post(punch)
    await post({ employee_id: 'E2' })
    const { out } = await cli('events', '--status', 'accepted', '--kind', 'attendance')
    expect(out).toMatch(/^EVENT +KIND +SOURCE +STATUS +RECEIVED +ABOUT$/m)
    expect(out).toContain(accepted.event_id)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
    expect(out).not.toMatch(/[\u0007\u001b]/)
    expect((await json('events', '--status', 'rejected')).total).toBe(1)
    expect((await json('events', '--query', accepted.event_id, '--status', 'accepted,rejected')).total).toBe(
      1,
    )
    const [refused] = (await json('events', '--status', 'rejected')).events
    const { out: rejected } = await cli('events', '--status', 'rejected')
    expect(rejected).toMatch(/^EVENT .* ABOUT +REASON$/m)
    expect(rejected).toMatch(new RegExp(`^${refused.event_id} .* body\\.\\w+: .*, and 2 more$`, 'm'))
    expect((await cli('events', refused.event_id)).out).toMatch(/^body\.timestamp +\S/m)

    const replayed = await json('events', 'replay', accepted.event_id)
    expect(replayed.event_id).not.toBe(accepted.event_id)
    const { out: shown } = await cli('events', replayed.event_id)
    expect(shown).toMatch(new RegExp(`^Replay of +${accepted.event_id}$`, 'm'))
    expect(shown).toMatch(
      new RegExp(`^${replayed.workflows_triggered[0].flow_run_id} +process_attendance$`, 'm'),
    )
    expect((await json('runs', '--event', replayed.event_id)).total).toBe(1)
  })

  it('says what is wrong', async () => {
    expectFailure(await cli('events', 'evt_no'), 1, /There is no event "evt_no"/)
    expectFailure(await cli('events', 'replay', 'evt_no'), 1, /There is no event "evt_no"/)
    expectFailure(await cli('events', 'replay'), 2, /missing required argument 'id'/)
    const [refused] = (await json('events', '--status', 'rejected')).events
    expectFailure(await cli('events', 'replay', refused.event_id), 1, /^ {2}body\.timestamp: /m)
  })
})

describe('a service that cannot be asked', () => {
  it('that is not there is named, with the variable that says where it is', async () => {
    const away = { ...env, PREFECT_SERVICE_URL: 'http://127.0.0.1:1/' }
    const finished = await prefectService(['runs'], away)
    expectFailure(finished, 1, /No service was reached at http:\/\/127\.0\.0\.1:1 .*PREFECT_SERVICE_URL/)
    expectFailure(
      await prefectService(['runs'], { PREFECT_SERVICE_URL: 'elsewhere' }),
      1,
      /must be a URL like/,
    )
  })

  it('that does not know the key says which one it needs', async () => {
    const url = { PREFECT_SERVICE_URL: service.url }
    expectFailure(await prefectService(['runs'], url), 1, /Set PREFECT_SERVICE_KEY to the key/)
    const wrong = { ...url, PREFECT_SERVICE_KEY: 'not-a-key' }
    expectFailure(await prefectService(['runs'], wrong), 1, /not known here/)
    const reading = { ...url, PREFECT_SERVICE_KEY: reader.secret }
    expect((await prefectService(['runs'], reading)).code).toBe(0)
    expectFailure(
      await prefectService(['trigger', 'x'], reading),
      1,
      /scope workflows:write; the key "read" has: read/,
    )
  })

  it('that is another one is not taken for ours', async () => {
    const server: Server = createServer((_, answer) => answer.end('<html>hello</html>'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const finished = await prefectService(['runs'], { PREFECT_SERVICE_URL: url })
    server.close()
    expectFailure(finished, 1, /is not this service \(status 200, not JSON\): check PREFECT_SERVICE_URL/)
  })
})
