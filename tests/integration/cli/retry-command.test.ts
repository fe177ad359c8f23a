import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { RUN_FAILED } from '../../support/planned-warnings.ts'
import { type ServiceProcess, startService } from '../../support/service-process.ts'
import { expectFailure, prefectService } from './command-line.ts'

let test: TestDatabase
let service: ServiceProcess
const env = { PREFECT_SERVICE_URL: '', PREFECT_SERVICE_KEY: '0123456789abcdef' }
const cli = (...args: string[]) => prefectService(args, env)

beforeAll(async () => {
  test = await createTestDatabase()
  const settings = { DATABASE_URL: test.url, LOG_LEVEL: 'warn', API_KEYS: 'first:0123456789abcdef' }
  service = await startService(settings, { planned: [RUN_FAILED] })
  env.PREFECT_SERVICE_URL = service.url
})
afterAll(async () => {
  await service?.stop()
  await test?.drop()
})

const punch = { employee_id: 'R1', timestamp: '2025-01-17T01:30:00Z', action: 'check_in' }

/** A punch that nobody can be sure of. */
async function failedRun(): Promise<string> {
  const parameters = JSON.stringify({ ...punch, confidence: 0.4 })
  const { out } = await cli('trigger', 'process_attendance', '--params-json', parameters, '--wait', '--json')
  return JSON.parse(out).flow_run_id
}

it('shows what a retry would do, and does it', async () => {
  const id = await failedRun()
  const shown = await cli('retry', id, '--preview')
  expect(shown.err).toBe('')
  expect(shown.out).toMatch(/^Retry +allowed$/m)
  expect(shown.out).toMatch(/^TASK +BECOMES +STATUS +KIND +TASK RUN$/m)
  const plan = JSON.parse((await cli('retry', id, '--preview', '--json')).out)
  const [{ task_name: first }] = plan.runs_again
  const retried = await cli('retry', id, '--from-task', first)
  expect(retried.out).toMatch(new RegExp(`^Run +${id}$`, 'm'))
  expect(retried.out).toContain('Workflow runs again from')
})

it('starts a new run with other parameters, once', async () => {
  const id = await failedRun()
  const args = ['retry', id, '--parameters', JSON.stringify({ ...punch, confidence: 0.98 }), '--json']
  const started = JSON.parse((await cli(...args)).out)
  expect(started).toMatchObject({ origin_run_id: id, workflow_name: 'process_attendance' })
  expect(JSON.parse((await cli(...args)).out).flow_run_id).toBe(started.flow_run_id)
  expect((await cli('runs', started.flow_run_id)).out).toMatch(new RegExp(`^Origin +${id}$`, 'm'))
})

it('says what is wrong', async () => {
  const id = await failedRun()
  expectFailure(
    await cli('retry', id, '--from-task', 'nothing'),
    1,
    /^ {2}body\.from_task: the run has no task "nothing"/m,
  )
  expectFailure(
    await cli('retry', id, '--parameters', '{"confidence":"high"}'),
    1,
    /^ {2}body\.parameters\.confidence: /m,
  )
  expectFailure(await cli('retry', id, '--parameters', '['), 2, /It is not JSON/)
  expectFailure(
    await cli('retry', id, '--parameters', '{}', '--preview'),
    2,
    /cannot be used with option '--preview'/,
  )
  expectFailure(await cli('retry', 'fr_unknown'), 1, /There is no workflow run "fr_unknown"/)
})
