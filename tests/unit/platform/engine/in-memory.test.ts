import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineFlow, defineTask } from '../../../../src/platform/engine/flow.ts'
import { InMemoryEngine } from '../../../../src/platform/engine/in-memory.ts'
import { Ledger, type Rig } from '../../../support/engine-conformance/rig.ts'
import { describeEngine } from '../../../support/engine-conformance/suite.ts'

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
    parentOf: async (runId) => engine.run(runId).request.parentRunId,
    logs: async (runId) => [...engine.run(runId).logs.values()].map(({ message }) => message),
  }
  describeEngine({ rig: () => rig, ledger: () => ledger, rows: async () => rows })
})

it('a flow and its tasks read the same clock, the one the engine was given', async () => {
  const tell = defineTask<unknown, null, string>({
    name: 'tell_time',
    run: async (_deps, _input, { now }) => now().toISOString(),
  })
  const flow = defineFlow({
    name: 'two_clocks',
    description: 'test',
    parameters: z.object({}),
    subjects: () => [],
    estimatedMinutes: 1,
    run: async (flow) => [(await flow.now()).toISOString(), await flow.task(tell, null)],
  })
  const hotel = '2025-02-01T07:00:00.000Z'
  const engine = new InMemoryEngine({ deps: {}, now: () => new Date(hotel) })
  await engine.start({ runId: 'fr_clock', flow, parameters: {} })
  expect((await engine.ended('fr_clock')).result).toEqual([hotel, hotel])
})
