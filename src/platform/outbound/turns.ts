/** Runs `act` when it is its turn. Throws the signal's reason when it is aborted while it waits. */
export type Turns = <T>(signal: AbortSignal, act: () => Promise<T>) => Promise<T>

/** At most `atOnce` at the same time; the others wait in order, and leave the line when they are aborted. */
export function createTurns(atOnce: number): Turns {
  let busy = 0
  const line: (() => void)[] = []

  const turn = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        line.splice(line.indexOf(enter), 1)
        reject(signal.reason)
      }
      line.push(enter)
      signal.addEventListener('abort', leave, { once: true })
    })

  return async (signal, act) => {
    signal.throwIfAborted()
    if (busy < atOnce) busy += 1
    else await turn(signal)
    try {
      return await act()
    } finally {
      const next = line.shift()
      // The turn is handed on, not given up, so that nobody slips in between.
      if (next) next()
      else busy -= 1
    }
  }
}
