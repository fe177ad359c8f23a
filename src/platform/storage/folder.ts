import { randomUUID } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { addAbortSignal } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { FSDriver } from 'flydrive/drivers/fs'
import type { Shelf } from './shelf.ts'

/** No such file, a folder of that name, a file where its folder should be. */
const ABSENT = new Set(['ENOENT', 'EISDIR', 'ENOTDIR'])

/** Loaded when the first file is put or read: the library takes a tenth of a second to start. */
export function openFolder(location: string): Shelf {
  const driver = new FSDriver({ location, visibility: 'private' })
  return {
    async put(key, content, _contentType, signal) {
      // Written beside its place and renamed: the driver's own `move` copies, and a crash would leave half a file.
      const part = `${key}.${randomUUID()}.part`
      try {
        await driver.put(part, content)
        signal.throwIfAborted()
        await rename(join(location, part), join(location, key))
      } catch (error) {
        await rm(join(location, part), { force: true })
        throw error
      }
    },
    async get(key, signal) {
      try {
        // Not `getBytes`: of an empty file it gives 64 KiB of whatever the memory held.
        const content = addAbortSignal(signal, await driver.getStream(key))
        return new Uint8Array(await buffer(content))
      } catch (error) {
        if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
        throw error
      }
    },
    urlOf: (key) => `storage:${key}`,
    close: () => {},
  }
}
