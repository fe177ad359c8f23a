import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { type ServiceProcess, startService } from '../../support/service-process.ts'
import { expectFailure, prefectService } from './command-line.ts'

let test: TestDatabase
let service: ServiceProcess
const keys = (...args: string[]) => prefectService(['keys', ...args], { DATABASE_URL: test.url })
const statusWith = async (secret: string) => {
  const headers = { authorization: `Bearer ${secret}` }
  return (await fetch(`${service.url}/api/v1/prefect/workflows/list`, { headers })).status
}

beforeAll(async () => {
  test = await createTestDatabase()
  service = await startService({
    DATABASE_URL: test.url,
    LOG_LEVEL: 'warn',
    API_KEYS: 'first:0123456789abcdef',
  })
})
afterAll(async () => {
  await service?.stop()
  await test?.drop()
})

it('makes a key that opens the service, shows it once, and ends it', async () => {
  const made = await keys(
    'create',
    '--name',
    'cv-service',
    '--scope',
    'read',
    'events:write',
    '--scope',
    'read',
  )
  expect(made.err).toBe('')
  const [, id = ''] = /^Id +(\w+)$/m.exec(made.out) ?? []
  const [, secret = ''] = /^Secret +(pk_\S+)$/m.exec(made.out) ?? []
  expect(made.out).toMatch(/^Scopes +read, events:write$/m)
  expect(made.out).toMatch(/^Expires +never$/m)
  expect(await statusWith(secret)).toBe(200)

  const listed = await keys('list')
  expect(listed.out).toMatch(new RegExp(`^${id} +cv-service +active +read, events:write .* never `, 'm'))
  expect(listed.out).not.toContain(secret)

  expect(await keys('revoke', id)).toEqual({ code: 0, err: '', out: `The key ${id} is revoked.\n` })
  expect((await keys('revoke', id)).out).toBe(`The key ${id} was revoked before.\n`)
  expect((await keys('list')).out).toMatch(new RegExp(`^${id} +cv-service +revoked `, 'm'))
  await expect.poll(() => statusWith(secret), { timeout: 20_000 }).toBe(401)
})

it('gives a key its time', async () => {
  const before = Date.now()
  const made = await keys('create', '--name', 'guest', '--scope', 'read', '--expires-in', '90d', '--json')
  const { id, expires_at, secret } = JSON.parse(made.out)
  expect(Date.parse(expires_at) - before).toBeGreaterThanOrEqual(90 * 86_400_000)
  const listed = JSON.parse((await keys('list', '--json')).out)
  expect(listed.keys.find((key: { id: string }) => key.id === id)).toMatchObject({
    name: 'guest',
    expires_at,
  })
  await test.database.query("update prefect.api_keys set expires_at = now() - interval '1 s' where id = $1", [
    id,
  ])
  expect((await keys('list')).out).toMatch(new RegExp(`^${id} +guest +expired `, 'm'))
  expect(await statusWith(secret)).toBe(401)
})

it('says when a key cannot see what it starts', async () => {
  const made = async (...scopes: string[]) =>
    (await keys('create', '--name', 'x', '--scope', ...scopes, '--expires-in', '30m')).out
  expect(await made('workflows:write')).toMatch(/^Without the scope read this key cannot see/m)
  expect(await made('events:write')).toContain('sends events (events:write)')
  expect(await made('workflows:write', 'read')).not.toContain('Without the scope read')
  expect(await made('admin')).not.toContain('Without the scope read')
})

it('takes minutes', async () => {
  const before = Date.now()
  const { out } = await keys('create', '--name', 'x', '--scope', 'read', '--expires-in', '30m', '--json')
  const left = Date.parse(JSON.parse(out).expires_at) - before
  expect(left).toBeGreaterThanOrEqual(30 * 60_000)
  expect(left).toBeLessThan(60 * 60_000)
})

it('says what is wrong', async () => {
  expectFailure(await keys('create', '--name', 'x'), 2, /required option '--scope/)
  expectFailure(await keys('create', '--scope', 'read'), 2, /required option '--name/)
  expectFailure(
    await keys('create', '--name', 'x', '--scope', 'all'),
    2,
    /Allowed choices are read, events:write/,
  )
  expectFailure(await keys('create', '--name', ' ', '--scope', 'read'), 2, /1 to 100 printable characters/)
  expectFailure(
    await keys('create', '--name', 'x', '--scope', 'read', '--expires-in', '3'),
    2,
    /for example 90d/,
  )
  expectFailure(
    await keys('create', '--name', 'x', '--scope', 'read', '--expires-in', '0d'),
    2,
    /for example 90d/,
  )
  expectFailure(await keys('revoke', 'nothing'), 1, /There is no key "nothing": "prefect-service keys list"/)
  expectFailure(await keys('revoke'), 2, /missing required argument 'id'/)
})
