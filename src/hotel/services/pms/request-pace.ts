/** Resolves when the next request may go out; rejects with the signal's reason when the caller will not wait for it. */
export type RequestPace = (signal: AbortSignal) => Promise<void>

/**
 * At most `requests` in any `withinMs` milliseconds, in the order they were asked for. It looks back over a sliding
 * window: fixed seconds would let twice as many through around their edge.
 */
export function createRequestPace({
  requests,
  withinMs,
}: {
  requests: number
  withinMs: number
}): RequestPace {
  const line: (() => void)[] = []
  /** When the last ones went out, oldest first. */
  const recent: number[] = []
  let timer: NodeJS.Timeout | undefined

  function letGo(): void {
    clearTimeout(timer)
    timer = undefined
    const now = performance.now()
    while (recent[0] !== undefined && recent[0] <= now - withinMs) recent.shift()
    while (recent.length < requests) {
      const next = line.shift()
      if (!next) return
      recent.push(now)
      next()
    }
    if (line.length > 0)
      timer = setTimeout(letGo, Math.max(1, Math.ceil((recent[0] ?? now) + withinMs - now)))
  }

  return async (signal) => {
    signal.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        line.splice(line.indexOf(go), 1)
        if (line.length === 0) clearTimeout(timer)
        reject(signal.reason)
      }
      const go = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      signal.addEventListener('abort', leave, { once: true })
      line.push(go)
      letGo()
    })
  }
}
