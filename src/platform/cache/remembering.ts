import type { Redis } from 'ioredis'
import { GiveUp, TryAgain } from '../engine/errors.ts'
import type { CallObserver } from '../outbound/service-guard.ts'
import type { Cache } from './cache.ts'
import { createMemoryStore } from './memory-store.ts'
import { createRedisStore } from './redis-store.ts'
import type { CacheStore } from './store.ts'

export interface CacheSettings {
  /** Shared by all processes of the service. Without it each process keeps its own last 1,000 answers. */
  redis?: Redis | undefined
  observer?: CallObserver | undefined
}

export function createCache({ redis, observer }: CacheSettings = {}): Cache {
  return remembering(redis ? createRedisStore(redis, observer) : createMemoryStore())
}

/** JSON; undefined when what was loaded has none: it is handed on, and not kept. */
type Text = string | undefined

function remembering(store: CacheStore): Cache {
  const loads = new Map<string, Promise<Text>>()

  function startLoad(key: string, seconds: number, load: () => Promise<unknown>): Promise<Text> {
    const find = async () => {
      const kept = await fromStore(store, key)
      if (kept !== undefined) return kept
      const text = JSON.stringify(await load()) as Text
      // Not if it was forgotten meanwhile: what was loaded may be older than the reason to forget.
      if (text !== undefined && loads.get(key) === mine) await store.set(key, text, seconds).catch(() => {})
      return text
    }
    const mine: Promise<Text> = find().finally(() => {
      if (loads.get(key) === mine) loads.delete(key)
    })
    loads.set(key, mine)
    return mine
  }

  return {
    async remember<T>(key: string, seconds: number, load: () => Promise<T>): Promise<T> {
      for (;;) {
        const running = loads.get(key)
        try {
          const text = await (running ?? startLoad(key, seconds, load))
          return (text === undefined ? undefined : JSON.parse(text)) as T
        } catch (error) {
          // What the service said is for all who wait; that another caller was cancelled is not.
          if (running === undefined || error instanceof GiveUp || error instanceof TryAgain) throw error
        }
      }
    },
    async forget(key) {
      loads.delete(key)
      await store.delete(key).catch(() => {})
    },
  }
}

/** What is no JSON was put there by somebody else. */
async function fromStore(store: CacheStore, key: string): Promise<Text> {
  try {
    const text = await store.get(key)
    if (text !== undefined) JSON.parse(text)
    return text
  } catch {
    return undefined
  }
}
