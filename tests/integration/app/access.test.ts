import { afterAll, beforeAll, expect, it } from 'vitest'
import { isOpen, OpenToOthers, readiness } from '../../../src/app/access.ts'
import { createKey, hasUsableKey, listKeys, revokeKey } from '../../../src/platform/access/keys.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test?.drop())

const here = { HOST: '127.0.0.1' }
const everywhere = { HOST: '0.0.0.0' }

it('is open while no key is usable, to this machine only; a revoked or expired key is none', async () => {
  const { database } = test
  const past = new Date(Date.now() - 60_000)
  await createKey(database, { name: 'expired', scopes: ['read'], expiresAt: past })
  const revoked = await createKey(database, { name: 'revoked', scopes: ['read'] })
  await revokeKey(database, revoked.id)
  expect(await hasUsableKey(database)).toBe(false)
  expect(await isOpen(here, database)).toBe(true)
  const refusal = await isOpen(everywhere, database).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(OpenToOthers)
  expect(refusal).toMatchObject({ code: 'open_to_others', message: expect.stringContaining('0.0.0.0') })

  const own = { name: 'cv', secret: '0123456789abcdef', scopes: ['read' as const] }
  expect(await isOpen({ ...everywhere, API_KEYS: [own] }, database)).toBe(false)

  await createKey(database, { name: 'good', scopes: ['read'], expiresAt: new Date(Date.now() + 3_600_000) })
  expect(await hasUsableKey(database)).toBe(true)
  expect(await isOpen(everywhere, database)).toBe(false)
  const states = (await listKeys(database)).map(({ name, state }) => [name, state])
  expect(Object.fromEntries(states)).toEqual({ expired: 'expired', revoked: 'revoked', good: 'active' })
})

it('is not ready while a migration is missing, and names it', async () => {
  const { database } = test
  expect(await readiness(database, async () => false)).toEqual({ ready: true })
  const [last] = await database.query<{ name: string }>(
    `delete from public.prefect_migrations
     where name = (select max(name) from public.prefect_migrations) returning name`,
  )
  expect(await readiness(database, async () => false)).toEqual({
    ready: false,
    reason: `Migrations are missing: ${last?.name}`,
  })
})
