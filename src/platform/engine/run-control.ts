/** What a step does: work in the database, an act outside this service, or waiting. */
export type Occupation = 'here' | 'outside' | 'waiting'

/**
 * One execution of a run, as seen from outside it: it can be cancelled (the flow is notified, and may undo), or lost
 * (another worker has it: the flow's code is left where it is and never continues).
 */
export class RunControl {
  readonly #abort = new AbortController()
  #cancelled = false
  #lost = false
  readonly #onLost: (() => void)[] = []
  readonly #steps: Record<Occupation, number> = { here: 0, outside: 0, waiting: 0 }
  #idleSince: number | undefined
  /** Called when the run leaves its slot of the queue for a while. */
  onSlotFree: () => void = () => {}

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

  /** Whether a drain should wait: waits resume anywhere. */
  get working(): boolean {
    return this.#steps.here + this.#steps.outside > 0
  }
  /** Whether it takes one of its queue's slots: a run that only waits, or is out for an answer, leaves it to others. */
  get holdsSlot(): boolean {
    return this.#steps.here > 0 || this.#steps.outside + this.#steps.waiting === 0
  }

  /** Since when nothing of the run is in progress but waits; `performance.now()`. Undefined: something is. */
  get idleSince(): number | undefined {
    return this.#idleSince
  }

  /** A step is in progress until the returned function is called. */
  occupy(occupation: Occupation): () => void {
    this.#count(occupation, 1)
    return () => this.#count(occupation, -1)
  }

  /** Between two attempts a step only waits: what it was, it is again when the returned function is called. */
  rest(occupation: Occupation): () => void {
    this.#count('waiting', 1)
    this.#count(occupation, -1)
    return () => {
      this.#count(occupation, 1)
      this.#count('waiting', -1)
    }
  }

  #count(occupation: Occupation, change: 1 | -1): void {
    const held = this.holdsSlot
    this.#steps[occupation] += change
    const { here, outside, waiting } = this.#steps
    const idle = waiting > 0 && here + outside === 0
    this.#idleSince = idle ? (this.#idleSince ?? performance.now()) : undefined
    if (held && !this.holdsSlot) this.onSlotFree()
  }

  cancel(): void {
    this.#cancelled = true
    this.#abort.abort(new Error('The run was cancelled.'))
  }

  lose(): void {
    if (this.#lost) return
    this.#lost = true
    this.#abort.abort(new Error('Another worker has this run now.'))
    for (const notify of this.#onLost) notify()
  }

  /** Resolves when the run is lost. */
  whenLost(): Promise<void> {
    return this.#lost ? Promise.resolve() : new Promise((resolve) => this.#onLost.push(resolve))
  }
}

/** A promise that never settles: where the code of a lost run stays, so that no catch or finally of it runs. */
export function halted<T>(): Promise<T> {
  return new Promise<T>(() => {})
}
