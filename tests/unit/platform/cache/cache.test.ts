import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../../../src/platform/cache/memory-store.ts'
import { createCache } from '../../../../src/platform/cache/remembering.ts'
import { TryAgain } from '../../../../src/platform/engine/errors.ts'

/** A load that is finished by hand; `times` counts how often it was begun. */
function handLoad<T>() {
  const begun: PromiseWithResolvers<T>[] = []
  const load = () => {
    const { promise, resolve, reject } = withResolvers<T>()
    begun.push({ promise, resolve, reject })
    return promise
  }
  return { load, begun }
}
interface PromiseWithResolvers<T> {
  promise: Promise<T>
  resolve: (value: T) => void
  reject: (error: Error) => void
}
function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve: (value: T) => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('remembering', () => {
  it('loads once, and gives each caller a copy of its own', async () => {
    const cache = createCache()
    let loads = 0
    const load = async () => {
      loads++
      return { rooms: ['201'] }
    }
    const first = await cache.remember('rooms', 60, load)
    first.rooms.push('202')
    expect(await cache.remember('rooms', 60, load)).toEqual({ rooms: ['201'] })
    expect(loads).toBe(1)
    await cache.remember('other', 60, load)
    expect(loads).toBe(2)
  })

  it('loads once for callers that ask at the same time', async () => {
    const cache = createCache()
    const { load, begun } = handLoad<string>()
    const both = [cache.remember('key', 60, load), cache.remember('key', 60, load)]
    await settled()
    begun[0]?.resolve('once')
    expect(await Promise.all(both)).toEqual(['once', 'once'])
    expect(begun).toHaveLength(1)
  })

  it("shares what the service said, but not another caller's cancel; neither is kept", async () => {
    const cache = createCache()
    const { load, begun } = handLoad<string>()
    const down = [cache.remember('key', 60, load), cache.remember('key', 60, load)].map((asked) =>
      expect(asked).rejects.toThrow('down'),
    )
    await settled()
    begun[0]?.reject(new TryAgain('pms_unavailable', 'down'))
    await Promise.all(down)
    expect(begun).toHaveLength(1)

    const cancelled = expect(cache.remember('key', 60, load)).rejects.toThrow('cancelled')
    const other = cache.remember('key', 60, load)
    await settled()
    begun[1]?.reject(new Error('cancelled'))
    await cancelled
    await settled()
    begun[2]?.resolve('loaded by itself')
    expect(await other).toBe('loaded by itself')
  })

  it('keeps nothing of a load that was overtaken by a forget', async () => {
    const cache = createCache()
    const { load, begun } = handLoad<string>()
    const old = cache.remember('key', 60, load)
    await settled()
    await cache.forget('key')
    begun[0]?.resolve('old')
    expect(await old).toBe('old')
    expect(await cache.remember('key', 60, async () => 'new')).toBe('new')
  })

  it('hands on what is no JSON, and does not keep it', async () => {
    const cache = createCache()
    expect(await cache.remember('key', 60, async () => undefined)).toBeUndefined()
    expect(await cache.remember('key', 60, async () => null)).toBeNull()
    expect(await cache.remember('key', 60, async () => 'not asked')).toBeNull()
  })
})

describe('the memory of a process', () => {
  it('forgets when the time is over', async () => {
    let now = 0
    const store = createMemoryStore(() => now)
    await store.set('key', 'text', 60)
    now = 59_999
    expect(await store.get('key')).toBe('text')
    now = 60_000
    expect(await store.get('key')).toBeUndefined()
  })

  it('holds a thousand texts: the longest unused goes', async () => {
    const store = createMemoryStore()
    for (let at = 0; at < 1_000; at++) await store.set(`key${at}`, String(at), 60)
    await store.get('key0')
    await store.set('one more', 'x', 60)
    expect(await store.get('key0')).toBe('0')
    expect(await store.get('key1')).toBeUndefined()
    expect(await store.get('key2')).toBe('2')
  })
})
