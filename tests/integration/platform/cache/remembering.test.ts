import { randomUUID } from 'node:crypto'
import { type AddressInfo, connect as connectTo, createServer, type Socket } from 'node:net'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { connectRedis, type RedisConnection } from '../../../../src/platform/cache/redis.ts'
import { createCache } from '../../../../src/platform/cache/remembering.ts'
import type { CallOutcome } from '../../../../src/platform/outbound/service-guard.ts'
import { startServiceProxy } from '../../../support/service-proxy.ts'
import { describeWithRedis } from '../../../support/services.ts'

const within = { timeout: 20_000, interval: 20 }
const connect = (url: string) => connectRedis(url, pino({ level: 'silent' }))
const connected = (redis: RedisConnection) => vi.waitFor(() => redis.ping(), within)

describeWithRedis('a cache in Redis', (url) => {
  let redis: RedisConnection
  let key: string
  beforeEach(async () => {
    key = `test:${randomUUID()}`
    redis = connect(url)
    await connected(redis)
  })
  afterEach(async () => {
    await redis.client.del(`prefect:cache:${key}`)
    await redis.close()
  })

  it('is shared by processes, for its time, until it is forgotten', async () => {
    const other = connect(url)
    await connected(other)
    const [mine, theirs] = [createCache({ redis: redis.client }), createCache({ redis: other.client })]
    await mine.remember(key, 60, async () => ({ tên: 'Sen' }))
    expect(await theirs.remember(key, 60, async () => expect.fail('it is kept'))).toEqual({ tên: 'Sen' })
    const left = await redis.client.pttl(`prefect:cache:${key}`)
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(60_000)
    await theirs.forget(key)
    expect(await mine.remember(key, 60, async () => 'again')).toBe('again')
    await other.close()
  })

  it('loads anew what somebody else put there', async () => {
    await redis.client.set(`prefect:cache:${key}`, '<html>')
    expect(await createCache({ redis: redis.client }).remember(key, 60, async () => 'mine')).toBe('mine')
  })

  it('is passed by while Redis is away, and used again when it is back', async () => {
    const proxy = await startServiceProxy(url)
    const far = connect(proxy.url)
    await connected(far)
    const cache = createCache({ redis: far.client })
    await cache.remember(key, 60, async () => 'kept')
    await proxy.cut()
    await vi.waitFor(() => expect(far.client.status).not.toBe('ready'), within)
    expect(await cache.remember(key, 60, async () => 'loaded')).toBe('loaded')
    await cache.forget(key)
    await proxy.restore()
    await vi.waitFor(
      async () => expect(await cache.remember(key, 60, async () => 'loaded')).toBe('kept'),
      within,
    )
    await far.close()
    await proxy.close()
  })

  it('costs a few short waits, then none, when Redis takes questions and never answers', async () => {
    const { url: frozen, freeze, close } = await freezable(url)
    const far = connect(frozen)
    await connected(far)
    freeze()
    const outcomes: CallOutcome[] = []
    const observer = {
      called: (_service: string, _operation: string, outcome: CallOutcome) => outcomes.push(outcome),
      circuit: () => {},
    }
    const cache = createCache({ redis: far.client, observer })
    for (let at = 0; at < 20; at++) expect(await cache.remember(`${key}:${at}`, 60, async () => at)).toBe(at)
    expect(outcomes.slice(0, 3)).toEqual(['timeout', 'timeout', 'timeout'])
    // One may have looked again, should five seconds have passed on a busy machine.
    expect(outcomes.filter((outcome) => outcome === 'not_called').length).toBeGreaterThanOrEqual(30)
    await far.close()
    await close()
  })
})

/** The way to a server, which can be made to swallow everything. */
async function freezable(target: string) {
  const { hostname, port } = new URL(target)
  const sockets: Socket[] = []
  let isFrozen = false
  const server = createServer((client) => {
    const upstream = connectTo(Number(port), hostname)
    sockets.push(client, upstream)
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.on('data', (data) => isFrozen || upstream.write(data))
    upstream.on('data', (data) => client.write(data))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    freeze() {
      isFrozen = true
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
