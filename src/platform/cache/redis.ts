import { Redis } from 'ioredis'
import type { Logger } from '../observability/logger.ts'

export interface RedisConnection {
  readonly client: Redis
  /** Milliseconds a PING took; rejects within two seconds when Redis is away. */
  ping(): Promise<number>
  close(): Promise<void>
}

/** Connects in the background and again by itself; commands fail at once while it is away, nothing queues up. */
export function connectRedis(url: string, logger: Logger): RedisConnection {
  const client = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
    retryStrategy: (times) => Math.min(times * 200, 5_000),
  })
  client.on('error', (error) => logger.debug({ err: error }, 'Redis is away'))
  return {
    client,
    async ping() {
      const started = performance.now()
      await client.ping()
      return performance.now() - started
    },
    async close() {
      client.disconnect()
    },
  }
}
