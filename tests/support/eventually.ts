import { setTimeout as delay } from 'node:timers/promises'

/** Asks until `probe` gives something other than undefined or false; fails after `seconds`, naming what was awaited. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  seconds = 20,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000
  for (;;) {
    const found = await probe()
    if (found !== undefined && found !== false) return found
    if (Date.now() > deadline) throw new Error(`Waited ${seconds} s in vain: ${what}`)
    await delay(20)
  }
}
