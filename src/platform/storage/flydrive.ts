import { join } from 'node:path'
import { GiveUp } from '../engine/errors.ts'
import type { ServiceGuard } from '../outbound/service-guard.ts'
import type { BucketSettings } from './bucket.ts'
import type { Shelf } from './shelf.ts'
import type { Storage } from './storage.ts'

export interface StorageSettings {
  /** Without a bucket files go to `<dataDir>/storage`. */
  dataDir: string
  s3?: BucketSettings | undefined
  /** Of the service `storage`. */
  guard: ServiceGuard
}

/** The library and Amazon's SDK are loaded with the first file: most processes of the service never see one. */
export function createStorage(settings: StorageSettings): Storage & { close(): Promise<void> } {
  const { guard } = settings
  let opened: Promise<Shelf> | undefined
  const shelf = () => {
    opened ??= openShelf(settings)
    return opened
  }
  return {
    async put(key, content, contentType, signal) {
      checkKey(key)
      return guard.call('put', signal, async (within) => {
        const { put, urlOf } = await shelf()
        await put(key, content, contentType, within)
        return { url: urlOf(key) }
      })
    },
    async get(key, signal) {
      checkKey(key)
      return guard.call('get', signal, async (within) => (await shelf()).get(key, within))
    },
    async close() {
      const open = await opened
      open?.close()
    },
  }
}

async function openShelf({ dataDir, s3 }: StorageSettings): Promise<Shelf> {
  if (s3) {
    const { openBucket } = await import('./bucket.ts')
    return openBucket(s3)
  }
  const { openFolder } = await import('./folder.ts')
  return openFolder(join(dataDir, 'storage'))
}

/** A path of plain names, so that it is the same in a folder, a bucket and a URL. */
function checkKey(key: string): void {
  const names = key.split('/')
  if (key.length <= 512 && names.every((name) => /^[\w=-][\w.=-]{0,199}$/.test(name))) return
  throw new GiveUp(
    'storage_bad_key',
    'A file is kept under a path of ASCII letters, digits, "-", "_", "." and "=".',
  )
}
