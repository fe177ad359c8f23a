const CANCEL_GRACE_MS = 2_000

export class TaskTimeout extends Error {
  override readonly name = 'TaskTimeout'
  readonly code = 'timeout'
}

/**
 * Runs one attempt. Its signal aborts on the timeout and when `stop` does. An attempt that does not listen is
 * abandoned: at the timeout at once, after `stop` within two seconds.
 */
export async function attemptOnce<T>(
  run: (signal: AbortSignal) => Promise<T>,
  timeoutSeconds: number | undefined,
  stop: AbortSignal,
): Promise<T> {
  const abort = new AbortController()
  const timers: NodeJS.Timeout[] = []
  const onStop = (reject: (error: Error) => void) => {
    abort.abort(stop.reason)
    timers.push(setTimeout(() => reject(new Error('It did not stop in time.')), CANCEL_GRACE_MS))
  }
  let listener: (() => void) | undefined
  const cutShort = new Promise<never>((_, reject) => {
    if (timeoutSeconds !== undefined) {
      const timeout = new TaskTimeout(`It took longer than ${timeoutSeconds} s.`)
      const expire = () => {
        // Refused first: what the attempt makes of its abort comes too late to hide why.
        reject(timeout)
        abort.abort(timeout)
      }
      timers.push(setTimeout(expire, timeoutSeconds * 1000))
    }
    listener = () => onStop(reject)
    // It may have been asked for while the attempt was prepared.
    if (stop.aborted) listener()
    else stop.addEventListener('abort', listener, { once: true })
  })
  cutShort.catch(() => {})
  try {
    return await Promise.race([run(abort.signal), cutShort])
  } finally {
    for (const timer of timers) clearTimeout(timer)
    if (listener) stop.removeEventListener('abort', listener)
  }
}
