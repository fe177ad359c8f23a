import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { ensureBuilt, startService } from '../../support/service-process.ts'
import { expectFailure, prefectService } from './command-line.ts'

let test: TestDatabase
let folder: string
beforeAll(async () => {
  ensureBuilt()
  test = await createTestDatabase()
})
afterAll(() => test?.drop())
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'prefect-deploy-'))
  await test.database.query('delete from prefect.schedules')
  return () => rmSync(folder, { recursive: true, force: true })
})

const deploy = (...args: string[]) => prefectService(['deploy', ...args], { DATABASE_URL: test.url })
const write = (text: string) => writeFileSync(join(folder, 'hotel.yaml'), text)
const schedules = () =>
  test.database.query<{ slug: string; origin: string; active: boolean; cron: string }>(
    `select slug, origin, active, definition #>> '{schedule,cron}' as cron from prefect.schedules
     where deleted_at is null order by slug`,
  )
const LISTS = { slug: 'assign_cleaning', origin: 'file', active: true, cron: '0 7 * * *' }

it('deploys what comes with the service, a dry run first', async () => {
  const line = '+ assign_cleaning  0 7 * * * (Asia/Ho_Chi_Minh)\n'
  expect(await deploy('--dry-run')).toEqual({
    ...{ code: 0, err: '' },
    out: `${line}Dry run, nothing was changed: 1 made, 0 changed, 0 removed, 0 left as they are.\n`,
  })
  expect(await schedules()).toEqual([])
  expect(await deploy()).toEqual({
    ...{ code: 0, err: '' },
    out: `${line}1 made, 0 changed, 0 removed, 0 left as they are.\n`,
  })
  expect(await schedules()).toEqual([LISTS])
  expect((await deploy('--json')).out).toBe(
    `${JSON.stringify(
      {
        dry_run: false,
        schedules: [{ slug: 'assign_cleaning', action: 'keep', paused: false, changes: [], drift: [] }],
      },
      null,
      2,
    )}\n`,
  )
})

it('shows a change, what a person paused, and what it would remove; a conflict is exit code 1', async () => {
  await deploy()
  await test.database.query(
    `update prefect.schedules set active = false, paused_at = now(), paused_by = 'anna', pause_reason = 'person', next_due_at = null`,
  )
  write(
    'slug: assign_cleaning\nflow: assign_cleaning\nname: The day\'s cleaning lists\nschedule: "0 6 * * *"\nparameters: { business_date: "{{business_date}}" }\n',
  )
  expect((await deploy(folder, '--dry-run')).out).toBe(
    '~ assign_cleaning  paused by anna: stays paused\n    schedule.cron: "0 7 * * *" → "0 6 * * *"\n' +
      'Dry run, nothing was changed: 0 made, 1 changed, 0 removed, 0 left as they are.\n',
  )
  expect((await deploy(folder)).code).toBe(0)
  expect(await schedules()).toEqual([{ ...LISTS, active: false, cron: '0 6 * * *' }])
  write('')
  expect((await deploy(folder)).out).toMatch(
    /^- assign_cleaning {2}is in no file any more \(would be removed with --prune\)\n/,
  )
  expect(await schedules()).toHaveLength(1)
  expect((await deploy(folder, '--prune')).out).toMatch(/1 removed/)
  expect(await schedules()).toEqual([])
  await deploy()
  await test.database.query(`update prefect.schedules set origin = 'hand', applied = null`)
  const conflict = await deploy()
  expect(conflict).toMatchObject({ code: 1, err: '' })
  expect(conflict.out).toMatch(/^! assign_cleaning {2}was made by hand/)
})

it('names the place of what is wrong, and does nothing', async () => {
  write(
    'slug: a\nflow: assign_cleaning\nschedule:\n  cron: "0 25 * * *"\n---\nslug: b\nflow: assign_clening\nschedule: "0 7 * * *"\n',
  )
  const failed = await deploy(folder)
  expectFailure(failed, 1, /hotel\.yaml:4 schedule\.cron /)
  expect(failed.err).toMatch(
    /hotel\.yaml:7 flow names no workflow there is, "assign_clening": did you mean assign_cleaning\?/,
  )
  expectFailure(await deploy(join(folder, 'nowhere')), 1, /nowhere cannot be read: ENOENT/)
  expect(await schedules()).toEqual([])
})

it('is done by every start of a scheduler, once', async () => {
  write('slug: lists\nflow: assign_cleaning\nschedule: "0 7 * * *"\n')
  const env = { DATABASE_URL: test.url, LOG_LEVEL: 'info', DEPLOYMENTS_DIR: folder }
  const services = await Promise.all([startService(env), startService(env)])
  expect(await schedules()).toEqual([{ ...LISTS, slug: 'lists' }])
  await Promise.all(services.map((service) => service.stop()))
  await test.database.query(`update prefect.schedules set active = false`)
  const again = await startService(env)
  expect(again.logs()).not.toContain('deployments:')
  await again.stop()
  expect(await schedules()).toEqual([{ ...LISTS, slug: 'lists', active: false }])
})

it('stops a start with the line of a file that will not do', async () => {
  write('slug: lists\nflow: assign_cleaning\nschedule: "0 7 * * *"\noverlapp: skip\n')
  const broken = await prefectService(['start'], {
    ...{ DATABASE_URL: test.url, DEPLOYMENTS_DIR: folder, PORT: '0', LOG_LEVEL: 'warn' },
  })
  expectFailure(
    broken,
    1,
    /^prefect-service: \S*hotel\.yaml:4 overlapp is no field here: did you mean overlap\?\n$/,
  )
})

it('is not done by a process without the role, nor where there shall be no files', async () => {
  write('slug: lists\nflow: assign_cleaning\nschedule: "0 7 * * *"\n')
  for (const env of [{ ROLES: 'api', DEPLOYMENTS_DIR: folder }, { DEPLOYMENTS_DIR: 'none' }]) {
    const service = await startService({ DATABASE_URL: test.url, LOG_LEVEL: 'warn', ...env })
    await service.stop()
  }
  expect(await schedules()).toEqual([])
  expectFailure(
    await prefectService(['deploy'], { DATABASE_URL: test.url, DEPLOYMENTS_DIR: 'none' }),
    1,
    /DEPLOYMENTS_DIR is none: name a folder/,
  )
})
