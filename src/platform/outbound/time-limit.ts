export class TimeIsUp extends Error {
  override readonly name = 'TimeIsUp'
}

/**
 * Runs `act` for at most `timeoutMs`: its signal aborts then, and when the caller's does. One that does not listen is
 * left behind. Throws TimeIsUp, or the reason of the caller's signal, whatever `act` made of its abort.
 */
export async function withinTime<T>(
  timeoutMs: number,
  signal: AbortSignal,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  // A timer of our own: AbortSignal.timeout() inside AbortSignal.any() may be collected before it fires.
  const either = new AbortController()
  const stop = () => either.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  const timer = setTimeout(
    () => either.abort(new TimeIsUp(`It took longer than ${timeoutMs} ms.`)),
    timeoutMs,
  )
  const cutShort = new Promise<never>((_, reject) => {
    either.signal.addEventListener('abort', () => reject(either.signal.reason), { once: true })
  })
  try {
    return await Promise.race([act(either.signal), cutShort])
  } catch (error) {
    throw either.signal.aborted ? either.signal.reason : error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}
