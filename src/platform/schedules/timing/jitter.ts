import { createHash } from 'node:crypto'

/**
 * How long after its nominal time a firing is due, in milliseconds: the same every time it is asked, at least 0, less than
 * `jitterSeconds`, and less than `gapMs`, the time to the next nominal one (Infinity: there is none).
 */
export function jitterMs(slug: string, key: string, jitterSeconds: number, gapMs: number): number {
  const most = Math.min(jitterSeconds * 1000, gapMs)
  const hash = createHash('sha256').update(`${slug}\n${key}`).digest()
  return Math.floor((hash.readUInt32BE() / 2 ** 32) * Math.max(0, most))
}
