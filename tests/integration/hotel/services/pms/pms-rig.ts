import { type CloudbedsSettings, createCloudbeds } from '../../../../../src/hotel/services/pms/cloudbeds.ts'
import type { PropertySystem, Reservation } from '../../../../../src/hotel/services/pms/property-system.ts'
import { createRestPropertySystem } from '../../../../../src/hotel/services/pms/rest.ts'
import type { Cache } from '../../../../../src/platform/cache/cache.ts'
import { createGuard, type GuardSettings } from '../../../../../src/platform/outbound/service-guard.ts'

export const never = new AbortController().signal
export const call = (key: string, signal = never) => ({ key, signal })

type Guarded = Partial<GuardSettings>
const guardOf = (guarded: Guarded) => createGuard({ service: 'pms', timeoutMs: 10_000, ...guarded })

/** Keeps everything until told to forget it. */
export function keepingCache(): Cache {
  const kept = new Map<string, unknown>()
  return {
    async remember<T>(key: string, _seconds: number, load: () => Promise<T>) {
      if (!kept.has(key)) kept.set(key, await load())
      return kept.get(key) as T
    },
    async forget(key) {
      kept.delete(key)
    },
  }
}

/** Without a pace of its own unless one is given: what it holds to is tested by itself. */
export function cloudbedsAt(
  url: string,
  { guarded = {}, ...settings }: Partial<CloudbedsSettings> & { guarded?: Guarded } = {},
): PropertySystem {
  return createCloudbeds({
    url,
    apiKey: 'demo-key',
    propertyId: '1',
    guard: guardOf(guarded),
    cache: keepingCache(),
    timezone: 'Asia/Ho_Chi_Minh',
    pace: async () => {},
    ...settings,
  })
}

export function restAt(url: string, guarded: Guarded = {}, apiKey = 'demo-key'): PropertySystem {
  return createRestPropertySystem({ url, apiKey, guard: guardOf(guarded) })
}

export async function listed(reservations: AsyncIterable<Reservation>): Promise<Reservation[]> {
  const all: Reservation[] = []
  for await (const reservation of reservations) all.push(reservation)
  return all
}
