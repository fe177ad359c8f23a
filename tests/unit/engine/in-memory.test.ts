import { describe } from 'vitest'
import { InMemoryEngine } from '../../../src/engine/in-memory.ts'
import { Ledger, type Rig } from '../../support/engine-conformance/rig.ts'
import { describeEngine } from '../../support/engine-conformance/suite.ts'

describe('the in-memory engine', () => {
  const ledger = new Ledger()
  let rows: string[] = []

  /** A table of one column, with rollback. */
  async function transaction<T>(run: (sql: { query: never }) => Promise<T>): Promise<T> {
    const before = [...rows]
    const query = async (_text: string, values: unknown[]) => {
      rows.push(String(values[0]))
      return []
    }
    try {
      return await run({ query: query as never })
    } catch (error) {
      rows = before
      throw error
    }
  }
  const engine = new InMemoryEngine({ deps: { ledger }, transaction })
  const rig: Rig = {
    engine,
    status: async (runId) => engine.run(runId).status,
    ended: async (runId) => {
      const { status, result, error, flagged } = await engine.ended(runId)
      return { status, result, error, flagged }
    },
    attempts: async (runId) =>
      engine.run(runId).attempts.map(({ step, attempt, error }) => ({ step, attempt, ...error })),
    logs: async (runId) => [...engine.run(runId).logs.values()].map(({ message }) => message),
  }
  describeEngine({ rig: () => rig, ledger: () => ledger, rows: async () => rows })
})
