import type { RunControl } from '../run-control.ts'

/** An execution as its worker holds it. */
export interface Executing {
  readonly runId: string
  /** The ownership token of this claim. */
  readonly owner: string
  readonly control: RunControl
  /** Whose slot it holds. */
  queue: string
  /** Called when something happened to the run that it may be waiting for. */
  readonly wake: Set<() => void>
}

/** What a worker is executing. One run can be here twice for a moment: lost, and claimed anew. */
export class Executions {
  readonly #byRun = new Map<string, Set<Executing>>()
  readonly #endings = new Map<string, Set<() => void>>()
  readonly #children = new Set<string>()

  add(runId: string, executing: Executing): void {
    const executions = this.#byRun.get(runId)
    if (executions) executions.add(executing)
    else this.#byRun.set(runId, new Set([executing]))
  }

  remove(runId: string, executing: Executing): void {
    const executions = this.#byRun.get(runId)
    executions?.delete(executing)
    if (executions?.size === 0) this.#byRun.delete(runId)
  }

  get size(): number {
    return this.#byRun.size
  }

  ids(): string[] {
    return [...this.#byRun.keys()]
  }

  wake(runId: string): void {
    for (const { wake } of this.#byRun.get(runId) ?? []) for (const wakeUp of wake) wakeUp()
  }

  cancel(runId: string): void {
    for (const { control } of this.#byRun.get(runId) ?? []) control.cancel()
  }

  loseAll(): void {
    for (const { control } of this.#all()) control.lose()
  }

  /**
   * Runs of the queue that may still be taken. One that waits, or is out for an answer, leaves its slot to others: one
   * slow service must not hold up what does not need it. Only so many are in hand, whatever they do.
   */
  slots(queue: string, { workerConcurrency }: { workerConcurrency: number }, mostInHand: number): number {
    let [holding, inHand] = [0, 0]
    for (const run of this.#all()) {
      if (run.queue !== queue) continue
      inHand += 1
      if (run.control.holdsSlot) holding += 1
    }
    return Math.min(workerConcurrency - holding, mostInHand - inHand)
  }

  /** `notify` is called when the run ends in this process. Returns how to stop listening. */
  onEnd(runId: string, notify: () => void): () => void {
    const listeners = this.#endings.get(runId) ?? new Set()
    this.#endings.set(runId, listeners.add(notify))
    return () => {
      listeners.delete(notify)
      if (listeners.size === 0) this.#endings.delete(runId)
    }
  }

  /** What has only waited since before then. */
  idle(before: number): Executing[] {
    return this.#all().filter(({ control }) => !control.lost && (control.idleSince ?? before) < before)
  }

  /** A run that another one waits for, perhaps suspended. */
  isChild(runId: string): void {
    this.#children.add(runId)
  }

  /** Its outcome is recorded. Returns whether another run may wait for it. */
  ended(runId: string): boolean {
    for (const notify of this.#endings.get(runId) ?? []) notify()
    return this.#children.delete(runId)
  }

  /** Whether any task is in progress: waits do not count. */
  isWorking(): boolean {
    return this.#all().some(({ control }) => control.working)
  }

  #all(): Executing[] {
    return [...this.#byRun.values()].flatMap((executions) => [...executions])
  }
}
