/** npm passes Ctrl-C on to a process that has already had it from the terminal: twice within this is once. */
const SAME_MS = 1_000
/** On top of the grace that tasks are given: longer than every other part needs. */
const LAST_RESORT_MS = 20_000

/**
 * Ends the process with status 0 after `stop` when it is asked to (Ctrl-C, SIGTERM). Asked again, a second or more
 * later, it ends at once: nothing is lost by that either. A stop that hangs is cut off, with status 1.
 */
export function stopWhenAsked(graceSeconds: number, stop: (signal: string) => Promise<void>): void {
  let askedAt: number | undefined
  const asked = async (signal: string) => {
    if (askedAt !== undefined) {
      if (performance.now() - askedAt > SAME_MS) process.exit(130)
      return
    }
    askedAt = performance.now()
    setTimeout(() => process.exit(1), graceSeconds * 1000 + LAST_RESORT_MS).unref()
    await stop(signal)
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void asked(signal))
}
