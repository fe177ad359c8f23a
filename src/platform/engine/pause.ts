/**
 * Waits, and returns early when `signal` aborts. Any length: timers alone end at 24.8 days. A clock that is set meanwhile
 * changes nothing.
 */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  const end = performance.now() + ms
  for (let left = ms; left > 0 && !signal?.aborted; left = end - performance.now()) {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.min(left, 2_000_000_000))
      signal?.addEventListener('abort', done, { once: true })
    })
  }
}

/** Waits until one of `wakers` is called, `stop` aborts, or `ms` have passed. */
export async function pauseUntilWoken(wakers: Set<() => void>, ms: number, stop: AbortSignal): Promise<void> {
  const woken = new AbortController()
  const wake = () => woken.abort()
  wakers.add(wake)
  await pause(ms, AbortSignal.any([woken.signal, stop]))
  wakers.delete(wake)
}
