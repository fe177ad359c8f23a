import { pino } from 'pino'
import { expect, it, vi } from 'vitest'
import { connectRedis } from '../../../../src/platform/cache/redis.ts'
import { startServiceProxy } from '../../../support/service-proxy.ts'
import { describeWithRedis } from '../../../support/services.ts'

const within = { timeout: 20_000, interval: 20 }

describeWithRedis('the Redis connection', (url) => {
  it('measures a ping, fails at once while Redis is away, and comes back by itself', async () => {
    const proxy = await startServiceProxy(url)
    const redis = connectRedis(proxy.url, pino({ level: 'silent' }))
    const ping = () => vi.waitFor(() => redis.ping(), within)
    expect(await ping()).toBeGreaterThan(0)

    await proxy.cut()
    await vi.waitFor(() => expect(redis.client.status).not.toBe('ready'), within)
    await expect(redis.ping()).rejects.toThrow()

    await proxy.restore()
    expect(await ping()).toBeGreaterThan(0)
    await redis.close()
    await proxy.close()
  })
})
