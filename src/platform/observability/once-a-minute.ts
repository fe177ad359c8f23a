const MINUTE_MS = 60_000

/** `log` at the first call and then at most once a minute: what can happen a thousand times a second is still one line. */
export function onceAMinute<Arguments extends unknown[]>(
  log: (...about: Arguments) => void,
): (...about: Arguments) => void {
  let quietUntil = 0
  return (...about) => {
    if (performance.now() < quietUntil) return
    quietUntil = performance.now() + MINUTE_MS
    log(...about)
  }
}
