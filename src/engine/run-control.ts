/**
 * One execution of a run, as seen from outside it: it can be cancelled (the flow is told, and may undo), or lost
 * (another worker has it: the flow's code is left where it is and never continues).
 */
export class RunControl {
  readonly #abort = new AbortController()
  #cancelled = false
  #lost = false
  readonly #onLost: (() => void)[] = []
  /** Work in progress that a drain should wait for: waits do not count, they resume anywhere. */
  working = 0

  /** Aborted on cancel and on loss; what a task in progress listens to. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }
  get cancelled(): boolean {
    return this.#cancelled
  }
  get lost(): boolean {
    return this.#lost
  }

  cancel(): void {
    this.#cancelled = true
    this.#abort.abort(new Error('The run was cancelled.'))
  }

  lose(): void {
    if (this.#lost) return
    this.#lost = true
    this.#abort.abort(new Error('Another worker has this run now.'))
    for (const tell of this.#onLost) tell()
  }

  /** Resolves when the run is lost. */
  whenLost(): Promise<void> {
    return this.#lost ? Promise.resolve() : new Promise((resolve) => this.#onLost.push(resolve))
  }
}

/** A promise that never settles: where the code of a lost run stays, so that no catch or finally of it runs. */
export function parked<T>(): Promise<T> {
  return new Promise<T>(() => {})
}
