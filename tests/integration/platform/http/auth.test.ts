import { fastify } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKey, createKeyStore, listKeys, revokeKey } from '../../../../src/platform/access/keys.ts'
import type { Scope } from '../../../../src/platform/contract/key.ts'
import { SCOPES } from '../../../../src/platform/contract/key.ts'
import { addAuthentication } from '../../../../src/platform/http/plugins/auth.ts'
import { type HttpRig, KEYS, openHttpRig } from './http-rig.ts'

interface Operation {
  method: string
  path: string
}

let rig: HttpRig
let operations: Operation[]
/** Every route the router knows, with its parameters filled in: no list to forget one in. */
beforeAll(async () => {
  rig = await openHttpRig()
  operations = routesOf(rig)
})
afterAll(() => rig.close())

const OPEN = ['/livez', '/readyz']

function routesOf({ app }: HttpRig): Operation[] {
  const found: Operation[] = []
  const trail: string[] = []
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const match = /^([│ ]*)[├└]── (\S*) \((.*)\)$/.exec(line)
    const bare = /^([│ ]*)[├└]── (\S*)$/.exec(line)
    const part = match ?? bare
    if (!part) continue
    const depth = (part[1] ?? '').length / 4
    trail.length = depth
    trail.push(part[2] ?? '')
    if (!match) continue
    const path = trail
      .join('')
      .replace(/:[a-z_]+/g, 'x')
      .replace('/docs*', '/docs/static/x')
    for (const method of (match[3] ?? '').split(', ')) found.push({ method, path })
  }
  return found.filter(({ path }) => !OPEN.includes(path))
}

const ask = ({ method, path }: Operation, headers: Record<string, string> = {}) =>
  rig.call(method, path, { key: null, headers })
/** Asked by POST, and nothing is written. */
const READS = ['/schedule/preview']
const name = ({ method, path }: Operation) => `${method} ${path}`
const scopesOf = ({ method, path }: Operation): Scope =>
  READS.some((read) => path.endsWith(read)) || ['GET', 'HEAD'].includes(method)
    ? 'read'
    : /\/(schedule|calendars)\//.test(path)
      ? 'schedules:write'
      : path.includes('/events/')
        ? 'events:write'
        : 'workflows:write'

describe('every route', () => {
  it('is found', () => {
    const names = operations.map(name)
    expect(names).toContain('POST /api/v1/prefect/workflows/signal/x/x')
    expect(names).toContain('POST /api/v1/prefect/events/x/replay')
    expect(names).toContain('GET /metrics')
    expect(names).toContain('GET /docs/static/x')
    expect(names.length).toBeGreaterThan(25)
  })

  it('refuses who has no key, an unknown, an expired or a revoked one', async () => {
    const expired = await createKey(rig.database, { name: 'old', scopes: ['admin'], expiresAt: new Date(0) })
    const revoked = await createKey(rig.database, { name: 'gone', scopes: ['admin'] })
    expect(await revokeKey(rig.database, revoked.id)).toBe(true)
    const unknown = `pk_${'0'.repeat(12)}_${'x'.repeat(43)}`
    const tries: [string, Record<string, string>][] = [
      ['no_key', {}],
      ['no_key', { authorization: 'Basic YTpi' }],
      ['key_unknown', { authorization: 'Bearer wrong' }],
      ['key_unknown', { 'x-api-key': unknown }],
      ['key_expired', { authorization: `Bearer ${expired.secret}` }],
      ['key_revoked', { 'x-api-key': revoked.secret }],
    ]
    for (const operation of operations) {
      for (const [code, headers] of tries) {
        const answer = await ask(operation, headers)
        expect([name(operation), code, answer.status]).toEqual([name(operation), code, 401])
        expect(answer.headers['www-authenticate']).toContain('Bearer')
        if (operation.method !== 'HEAD') expect(answer.body.code).toBe(code)
      }
    }
  })

  it('refuses a key of every other scope by naming the one that is missing', async () => {
    for (const operation of operations) {
      const needed = scopesOf(operation)
      for (const scope of SCOPES.filter((scope) => scope !== needed && scope !== 'admin')) {
        const answer = await ask(operation, { 'x-api-key': KEYS[scope].secret })
        expect([name(operation), scope, answer.status]).toEqual([name(operation), scope, 403])
        if (operation.method !== 'HEAD') expect(answer.body.detail).toContain(`the scope ${needed}`)
      }
    }
  })

  it('lets in the scope it needs, and the admin', async () => {
    for (const operation of operations.filter(({ path }) => !path.endsWith('/stream'))) {
      for (const scope of [scopesOf(operation), 'admin'] as const) {
        const answer = await ask(operation, { 'x-api-key': KEYS[scope].secret })
        expect([name(operation), [401, 403, 500].includes(answer.status)]).toEqual([name(operation), false])
      }
    }
  })
})

describe('addresses there are not', () => {
  it.each([
    '/',
    '/api',
    '/api/v1/prefect/nothing',
    '/livez/x',
    '/livez%2f..%2fmetrics',
    '/LIVEZ',
    '/docs/../metrics',
  ])('%s: 401 without a key, with one no success', async (path) => {
    expect((await ask({ method: 'GET', path })).status).toBe(401)
    const known = await rig.call('GET', path, { key: 'read' })
    expect(known.status === 404 || path.includes('metrics')).toBe(true)
  })

  it('only /livez and /readyz are open', async () => {
    for (const path of OPEN) expect((await ask({ method: 'GET', path })).status).toBe(200)
    expect((await ask({ method: 'POST', path: '/livez' })).status).toBe(401)
  })

  it('a route that does not say its scope stops the start', async () => {
    const bare = fastify()
    const keys = { verify: async () => ({ refused: 'unknown' as const }) }
    addAuthentication(bare, { keys, open: false }, async () => {})
    expect(() => bare.get('/forgotten', async () => 'secret')).toThrow(/scope/)
  })
})

describe('keys', () => {
  it('are kept as a hash only, listed without it, and revoked once', async () => {
    const key = await createKey(rig.database, { name: 'camera', scopes: ['events:write'] })
    expect(key.secret).toMatch(new RegExp(`^pk_${key.id}_[A-Za-z0-9_-]{43}$`))
    const rows = await rig.database.query('select * from prefect.api_keys where id = $1', [key.id])
    expect(JSON.stringify(rows)).not.toContain(key.secret.slice(-43))
    expect(
      (await rig.call('GET', 'events', { key: null, headers: { 'x-api-key': key.secret } })).status,
    ).toBe(403)
    const listed = (await listKeys(rig.database)).find(({ id }) => id === key.id)
    expect(listed).toMatchObject({ name: 'camera', scopes: ['events:write'], revoked_at: null })
    expect(listed?.last_used_at).not.toBeNull()
    expect(JSON.stringify(listed)).not.toContain('hash')
    expect([await revokeKey(rig.database, key.id), await revokeKey(rig.database, key.id)]).toEqual([
      true,
      false,
    ])
  })

  it('a good answer is remembered for 5 seconds, a bad one for 1, an expiry is never overrun', async () => {
    let clock = Date.now()
    let asked = 0
    const sql = {
      query: <Row extends object>(text: string, values?: readonly unknown[]) => {
        asked++
        return rig.database.query<Row>(text, values)
      },
    }
    const store = createKeyStore({ sql, now: () => clock })
    const key = await createKey(rig.database, {
      name: 'k',
      scopes: ['read'],
      expiresAt: new Date(clock + 60_000),
    })
    const allowed = { caller: { name: 'k', scopes: ['read'] } }
    expect(await store.verify(key.secret)).toEqual(allowed)
    await revokeKey(rig.database, key.id)
    clock += 4_999
    expect(await store.verify(key.secret)).toEqual(allowed)
    expect(asked).toBe(1)
    clock += 1
    expect(await store.verify(key.secret)).toEqual({ refused: 'revoked' })
    clock += 999
    await store.verify(key.secret)
    expect(asked).toBe(2)
    clock += 1
    await store.verify(key.secret)
    expect(asked).toBe(3)
    await store.verify('not of our making')
    expect(asked).toBe(3)

    const short = await createKey(rig.database, {
      name: 's',
      scopes: ['read'],
      expiresAt: new Date(clock + 1_000),
    })
    expect(await store.verify(short.secret)).toHaveProperty('caller')
    clock += 1_000
    expect(await store.verify(short.secret)).toEqual({ refused: 'expired' })
  })
})

describe('an open service', () => {
  it('serves this machine alone, and no page of another site', async () => {
    const open = await openHttpRig({ open: true })
    const status = async (headers: Record<string, string>, method = 'GET', path = 'workflows') =>
      (await open.call(method, path, { key: null, headers })).status
    try {
      expect(await status({})).toBe(200)
      for (const host of [
        'localhost',
        'localhost:8004',
        '127.0.0.1:8004',
        '127.9.9.9',
        '[::1]:8004',
        'a.localhost',
      ]) {
        expect([host, await status({ host })]).toEqual([host, 200])
      }
      for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1']) {
        expect([host, await status({ host })]).toEqual([host, 403])
      }
      const post = (headers: Record<string, string>) => status(headers, 'POST', 'workflows/cancel/x')
      expect(await post({ host: 'localhost:8004', origin: 'http://localhost:8004' })).toBe(404)
      expect(await post({ host: 'localhost:8004', origin: 'http://localhost:3000' })).toBe(403)
      expect(await post({ host: 'localhost:8004', origin: 'https://evil.example' })).toBe(403)
      expect(await post({ host: 'localhost:8004', origin: 'null' })).toBe(403)
    } finally {
      await open.close()
    }
  })
})

it('limits the rate per key, and never the probes', async () => {
  const limited = await openHttpRig({ settings: { rateLimitPerMinute: 3 } })
  try {
    const statuses = []
    for (let n = 0; n < 4; n++)
      statuses.push((await limited.call('GET', 'workflows', { key: 'read' })).status)
    expect(statuses).toEqual([200, 200, 200, 429])
    const refused = await limited.call('GET', 'nothing/here', { key: 'read' })
    expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited'])
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await limited.call('GET', 'workflows', { key: 'admin' })).status).toBe(200)
    for (let n = 0; n < 5; n++) expect((await limited.call('GET', '/livez', { key: null })).status).toBe(200)
  } finally {
    await limited.close()
  }
})

it('counts wrong keys per address, apart from all else: 429 then, and a right key is let in all the same', async () => {
  const limited = await openHttpRig({ settings: { wrongKeysPerMinute: 3, trustProxy: ['127.0.0.1'] } })
  const asked = async (key: string | undefined, address: string) => {
    const headers = { 'x-forwarded-for': address, ...(key ? { 'x-api-key': key } : {}) }
    const answer = await limited.call('GET', 'workflows', { key: null, headers })
    return [answer.status, answer.body.code, Number(answer.headers['retry-after'] ?? 0) > 0]
  }
  const times = async (count: number, key: string | undefined, address: string) => {
    const answers = []
    for (let n = 0; n < count; n++) answers.push(await asked(key, address))
    return answers
  }
  const unknown = [401, 'key_unknown', false]
  const tooMany = [429, 'too_many_wrong_keys', true]
  try {
    expect(await times(5, 'a guess', '203.0.113.7')).toEqual([unknown, unknown, unknown, tooMany, tooMany])
    expect(await asked(KEYS.read.secret, '203.0.113.7')).toEqual([200, undefined, false])
    expect(await asked('a guess', '203.0.113.8')).toEqual(unknown)
    expect(await times(4, 'a guess', '2001:db8::1')).toEqual([unknown, unknown, unknown, tooMany])
    // An IPv6 host has a whole /64 to send from.
    expect(await asked('a guess', '2001:db8::ffff')).toEqual(tooMany)
    expect(await asked('a guess', '2001:db8:0:1::1')).toEqual(unknown)
    expect(await times(5, undefined, '203.0.113.9')).toEqual(Array(5).fill([401, 'no_key', false]))
  } finally {
    await limited.close()
  }
})

it('believes X-Forwarded-For of nobody who is not said to be a proxy', async () => {
  const direct = await openHttpRig({ settings: { wrongKeysPerMinute: 1 } })
  try {
    const statuses = []
    for (const address of ['203.0.113.1', '203.0.113.2']) {
      const headers = { 'x-forwarded-for': address, 'x-api-key': 'a guess' }
      statuses.push((await direct.call('GET', 'workflows', { key: null, headers })).status)
    }
    expect(statuses).toEqual([401, 429])
  } finally {
    await direct.close()
  }
})
