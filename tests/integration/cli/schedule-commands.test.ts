import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { type ServiceProcess, startService } from '../../support/service-process.ts'
import { expectFailure, prefectService } from './command-line.ts'

const SECRET = '0123456789abcdef'
const PUNCH = {
  employee_id: 'S1',
  timestamp: '{{nominal}}',
  action: 'check_in',
  confidence: 0.9,
}
let test: TestDatabase
let service: ServiceProcess
const env: Record<string, string> = {}
const cli = (...args: string[]) => prefectService(['schedules', ...args], env)
const json = async (...args: string[]) => JSON.parse((await cli(...args, '--json')).out)

beforeAll(async () => {
  test = await createTestDatabase()
  service = await startService({
    DATABASE_URL: test.url,
    LOG_LEVEL: 'warn',
    API_KEYS: `front-desk:${SECRET}`,
  })
  env.PREFECT_SERVICE_URL = service.url
  env.PREFECT_SERVICE_KEY = SECRET
})
afterAll(async () => {
  await service?.stop()
  await test?.drop()
})

const create = (name: string, ...args: string[]) =>
  cli('create', name, '--workflow', 'process_attendance', '--parameters', JSON.stringify(PUNCH), ...args)

it('creates one, lists it and shows it', async () => {
  const { code, out, err } = await create('Morning punch', '--cron', '0 7 * * *', '--overlap', 'buffer_one')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^SCHEDULE +WORKFLOW +WHEN +NEXT RUN +LAST RUN$/m)
  expect(out).toMatch(
    /^morning-punch +process_attendance +0 7 \* \* \* \(Asia\/Ho_Chi_Minh\) +\S+T07:00:00\+07:00 +-$/m,
  )
  const again = await create('Morning punch', '--cron', '0 7 * * *', '--overlap', 'buffer_one')
  expect(again.out).toMatch(/declared alike/)
  await create('Often', '--every', '6h', '--slug', 'often', '--paused', '--jitter', '5m')
  const { out: list } = await cli('list', '--paused')
  expect(list).toMatch(/^often +.* +every 21600 s .* +paused by front-desk, /m)
  const { out: shown } = await cli('show', 'morning-punch')
  expect(shown).toMatch(/^When +At 07:00/m)
  expect(shown).toMatch(/^Overlap +buffer_one$/m)
  expect((await json('show', 'often')).definition).toMatchObject({ jitter_seconds: 300 })
})

it('pauses with a note and resumes, saying what to do with what was missed', async () => {
  await create('Paused', '--cron', '0 * * * *')
  const { out } = await cli('pause', 'paused', '--note', 'PMS away', '--by', 'Mai')
  expect(out).toMatch(/^Paused +paused by Mai \(front-desk\), /m)
  expect(out).toMatch(/^Note +PMS away$/m)
  await test.database.query(
    `update prefect.schedules set decided_until = date_trunc('hour', clock_timestamp()) - interval '90 min' where slug = 'paused'`,
  )
  expectFailure(await cli('resume', 'paused'), 1, /2 of its times passed while it was paused.*"skip"/)
  expect((await json('resume', 'paused', '--missed', 'skip')).active).toBe(true)
  const skipped = await eventually('the missed times to be decided', async () => {
    const { out } = await cli('firings', 'paused', '--outcome', 'missed')
    return out.includes('2 in all') && out
  })
  expect(skipped).toMatch(/:00:00 +missed: left out when it was resumed /)
})

it('runs one now, once for one key, and shows the firing', async () => {
  await create('By hand', '--at', '2999-01-01T08:00:00')
  const first = await json('run', 'by-hand', '--key', 'k1')
  expect((await json('run', 'by-hand', '--key', 'k1')).flow_run_id).toBe(first.flow_run_id)
  const { out } = await cli('firings', 'by-hand')
  expect(out).toMatch(new RegExp(`started by hand +${first.flow_run_id} .*Asked for by front-desk`))
})

it('previews, backfills and cancels', async () => {
  await create('Past', '--cron', '30 2 * * *', '--timezone', 'Europe/Paris')
  const { out } = await cli(
    'preview',
    'past',
    '--after',
    '2026-03-28T12:00:00',
    '--count',
    '1',
    '--language',
    'en',
  )
  expect(out).toMatch(/2026-03-29T03:00:00\+02:00 .*The clocks skip 02:30/)
  const range = ['--from', '2025-03-01T00:00:00', '--to', '2025-03-03T12:00:00']
  expect((await cli('backfill', 'past', ...range, '--dry-run')).out).toMatch(/^It would start 3 runs; 0 /)
  const made = await json('backfill', 'past', ...range, '--at-most', '3')
  await eventually('the backfill to end', async () => {
    const { out: shown } = await cli('backfill', 'show', made.backfill_id)
    return /^Ended +3 completed$/m.test(shown)
  })
  const { out: firings } = await cli('firings', 'past', '--backfill', made.backfill_id)
  expect(firings).toMatch(/^2025-03-01 02:30:00 +started: by a backfill +fr_\w+ +completed/m)
  expect((await cli('backfill', 'cancel', made.backfill_id)).out).toMatch(/^Cancelled +\S+ by front-desk$/m)
})

it('deletes one, and says what is wrong', async () => {
  await create('Gone', '--cron', '0 7 * * *')
  expect((await cli('delete', 'gone')).out).toMatch(/^The schedule sched_\w+ is deleted\.$/m)
  expectFailure(await cli('show', 'gone'), 1, /There is no schedule "gone"/)
  expectFailure(await create('Never', '--cron', '61 7 * * *'), 1, /^ {2}body\.schedule\.cron: must/m)
  expectFailure(
    await create('When', '--cron', '0 7 * * *', '--every', '5m'),
    1,
    /one of --cron, --every and --at/,
  )
  expectFailure(await create('When', '--every', 'often'), 2, /for example 30m/)
  expectFailure(await cli('firings', 'gone', '--outcome', 'lost'), 2, /Allowed choices are started, /)
})
