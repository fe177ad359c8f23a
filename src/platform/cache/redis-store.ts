import type { Redis } from 'ioredis'
import { type CallObserver, createGuard } from '../outbound/service-guard.ts'
import type { CacheStore } from './store.ts'

const PREFIX = 'prefect:cache:'
/** A new one for each call: they gather listeners. */
const never = () => new AbortController().signal

/**
 * Redis, as long as it is quick: a cache that is slower than what it saves is worse than none. After three failures in
 * a row it is left alone, and one call every five seconds looks whether it is back.
 */
export function createRedisStore(redis: Redis, observer: CallObserver | undefined): CacheStore {
  const limits = { timeoutMs: 250, failures: 3, halfOpenAfterMs: 5_000, atOnce: 1_000 }
  const guard = createGuard({ service: 'cache', observer, ...limits })
  return {
    get: (key) => guard.call('get', never(), async () => (await redis.get(PREFIX + key)) ?? undefined),
    async set(key, text, seconds) {
      const milliseconds = Math.max(1, Math.round(seconds * 1000))
      await guard.call('set', never(), () => redis.set(PREFIX + key, text, 'PX', milliseconds))
    },
    async delete(key) {
      await guard.call('delete', never(), () => redis.del(PREFIX + key))
    },
  }
}
