import type { Engine, StartRequest } from '../../../src/platform/engine/engine.ts'
import type { AnyFlow } from '../../../src/platform/engine/flow.ts'

export interface Outcome {
  status: string
  result: unknown
  error: { code: string; message: string } | undefined
  flagged: string | undefined
}

/** One engine under test, looked at from outside. */
export interface Rig {
  readonly engine: Engine
  status(runId: string): Promise<string>
  ended(runId: string): Promise<Outcome>
  attempts(runId: string): Promise<{ step: number; attempt: number; code: string; message: string }[]>
  logs(runId: string): Promise<string[]>
  parentOf(runId: string): Promise<string | undefined>
}

/** What the flows under test did, in order. */
export class Ledger {
  readonly entries: string[] = []
  readonly #waiting: (() => void)[] = []

  add(entry: string): void {
    this.entries.push(entry)
    for (const tell of this.#waiting.splice(0)) tell()
  }

  count(entry: string): number {
    return this.entries.filter((e) => e === entry).length
  }

  /** Resolves once the entry is there `times` times. */
  async saw(entry: string, times = 1): Promise<void> {
    while (this.count(entry) < times) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}

export interface TestDeps {
  ledger: Ledger
}

/** What the conformance suite is given. */
export interface Suite {
  rig: () => Rig
  ledger: () => Ledger
  /** Ids in public.conformance_rows. */
  rows: () => Promise<string[]>
}

let runs = 0
export function request(
  flow: AnyFlow,
  parameters: unknown = {},
  more: Partial<StartRequest> = {},
): StartRequest {
  runs += 1
  return { runId: `fr_test_${process.pid}_${Date.now()}_${runs}`, flow, parameters, ...more }
}

export async function startAndEnd(
  rig: Rig,
  flow: AnyFlow,
  parameters: unknown = {},
): Promise<Outcome & { runId: string }> {
  const asked = request(flow, parameters)
  await rig.engine.start(asked)
  return { runId: asked.runId, ...(await rig.ended(asked.runId)) }
}
