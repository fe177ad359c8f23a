import type { CacheStore } from './store.ts'

const MOST = 1_000

interface Kept {
  text: string
  until: number
}

/** In this process: at most 1,000 texts, the longest unused goes first. `now` in milliseconds, of any clock. */
export function createMemoryStore(now: () => number = () => performance.now()): CacheStore {
  // A Map remembers the order of its insertions: what is used is put in again, at the end.
  const kept = new Map<string, Kept>()
  return {
    async get(key) {
      const found = kept.get(key)
      kept.delete(key)
      if (found === undefined || found.until <= now()) return undefined
      kept.set(key, found)
      return found.text
    },
    async set(key, text, seconds) {
      kept.delete(key)
      kept.set(key, { text, until: now() + seconds * 1000 })
      const [oldest] = kept.keys()
      if (kept.size > MOST && oldest !== undefined) kept.delete(oldest)
    },
    async delete(key) {
      kept.delete(key)
    },
  }
}
