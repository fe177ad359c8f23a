import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The package's version: the nearest package.json above this file, compiled or not. */
export const VERSION = findVersion(dirname(fileURLToPath(import.meta.url)))

function findVersion(folder: string): string {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version
  } catch {
    const parent = dirname(folder)
    return parent === folder ? '0.0.0' : findVersion(parent)
  }
}
