import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { ensureBuilt, ROOT, startService } from '../../support/service-process.ts'
import { expectFailure, launch, prefectService } from './command-line.ts'

let test: TestDatabase
let folder: string
beforeAll(async () => {
  ensureBuilt()
  test = await createTestDatabase()
  folder = mkdtempSync(join(tmpdir(), 'prefect-cli-'))
})
afterAll(async () => {
  await test?.drop()
  rmSync(folder, { recursive: true, force: true })
})

describe('start and worker', () => {
  it('share the work on one machine with one .env: the worker takes neither port nor roles of the service', async () => {
    const command = ['dist/src/cli/main.js', 'start']
    const api = await startService({ DATABASE_URL: test.url, ROLES: 'api' }, { command })
    const { port } = new URL(api.url)
    writeFileSync(
      join(folder, '.env'),
      `DATABASE_URL=${test.url}\nPORT=${port}\nROLES=api,worker,consumer,scheduler\n`,
    )
    const worker = launch(['worker'], {}, folder)
    const asked = { PREFECT_SERVICE_URL: api.url }
    const punch = {
      employee_id: 'W2',
      timestamp: '2025-01-17T01:30:00Z',
      action: 'check_in',
      confidence: 0.98,
    }
    const args = ['trigger', 'process_attendance', '--params-json', JSON.stringify(punch), '--wait', '--json']
    const { out } = await prefectService(args, asked)
    expect(JSON.parse(out).status).toBe('completed')
    const line = await eventually('the worker to say where it listens', () =>
      worker
        .out()
        .split('\n')
        .find((text) => text.includes('"url"')),
    )
    expect(JSON.parse(line)).toMatchObject({
      roles: ['worker'],
      url: expect.not.stringContaining(`:${port}`),
    })
    worker.signal('SIGTERM')
    expect((await worker.finished).code).toBe(0)
    expect(await api.stop()).toBe(0)
  })

  it('a start that cannot be says why in one line', async () => {
    expectFailure(await prefectService(['start'], { PORT: 'eighty' }), 1, /PORT /)
    const away = { DATABASE_URL: 'postgres://x@127.0.0.1:1/x', LOG_LEVEL: 'silent' }
    expectFailure(await prefectService(['start'], away), 1, /database does not answer .*DATABASE_URL/)
    const open = { DATABASE_URL: test.url, HOST: '0.0.0.0', LOG_LEVEL: 'silent' }
    expectFailure(await prefectService(['start'], open), 1, /no API key: set API_KEYS/)
  })
})

describe('migrate', () => {
  it('applies what is missing, says which, and the second time has nothing to do', async () => {
    const empty = await createTestDatabase({ empty: true })
    const env = { DATABASE_URL: empty.url }
    expectFailure(await prefectService(['keys', 'list'], env), 1, /run "prefect-service migrate" first/)
    const first = await prefectService(['migrate'], env)
    const names = readdirSync(join(ROOT, 'migrations'))
      .filter((name) => name.endsWith('.sql'))
      .sort()
    expect(first).toEqual({ code: 0, err: '', out: names.map((name) => `Applied ${name}\n`).join('') })
    expect(await prefectService(['migrate'], env)).toEqual({
      code: 0,
      err: '',
      out: 'The database is up to date.\n',
    })
    expect((await prefectService(['migrate', '--json'], env)).out).toBe('{\n  "applied": []\n}\n')
    expect((await prefectService(['keys', 'list'], env)).out).toMatch(/There are no keys/)
    await empty.drop()
  })

  it('says which database it could not use', async () => {
    const away = { DATABASE_URL: 'postgres://x@localhost:1/x' }
    expectFailure(
      await prefectService(['migrate'], away),
      1,
      /does not answer \(connect ECONNREFUSED .*DATABASE_URL/,
    )
    const url = new URL(test.url)
    url.pathname = '/no_such_database'
    expectFailure(
      await prefectService(['migrate'], { DATABASE_URL: url.href }),
      1,
      /"no_such_database".*DATABASE_URL/,
    )
    expectFailure(
      await prefectService(['migrate'], { DATABASE_URL: 'mysql://x' }),
      1,
      /DATABASE_URL must be a URL/,
    )
  })

  it('joins the embedded database of a running service, and leaves it running', async () => {
    const data = join(folder, 'data')
    const migrated = await prefectService(['migrate', '--json'], { DATA_DIR: data })
    expect(JSON.parse(migrated.out).applied.length).toBeGreaterThan(0)
    const service = await startService({ DATA_DIR: data, LOG_LEVEL: 'warn' })
    const made = await prefectService(['keys', 'create', '--name', 'a', '--scope', 'read', '--json'], {
      DATA_DIR: data,
    })
    expect(JSON.parse(made.out).secret).toMatch(/^pk_/)
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200)
    expect(await service.stop()).toBe(0)
    expect((await prefectService(['keys', 'list'], { DATA_DIR: data })).out).toMatch(
      /^\w+ +a +active +read /m,
    )
  })
})
