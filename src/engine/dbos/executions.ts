import type { RunControl } from '../run-control.ts'

/** An execution as its worker holds it. */
export interface Executing {
  readonly control: RunControl
  readonly queue: string
  /** Called when something happened to the run that it may be waiting for. */
  readonly wake: Set<() => void>
}

/** What a worker is executing. One run can be here twice for a moment: lost, and claimed anew. */
export class Executions {
  readonly #byRun = new Map<string, Set<Executing>>()

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

  has(runId: string): boolean {
    return this.#byRun.has(runId)
  }

  ids(): string[] {
    return [...this.#byRun.keys()]
  }

  wake(runId: string): void {
    for (const { wake } of this.#byRun.get(runId) ?? []) for (const tell of wake) tell()
  }

  cancel(runId: string): void {
    for (const { control } of this.#byRun.get(runId) ?? []) control.cancel()
  }

  loseAll(): void {
    for (const { control } of this.#all()) control.lose()
  }

  /** Whether any task is in progress: waits do not count. */
  isWorking(): boolean {
    return this.#all().some(({ control }) => control.working > 0)
  }

  #all(): Executing[] {
    return [...this.#byRun.values()].flatMap((executions) => [...executions])
  }
}
