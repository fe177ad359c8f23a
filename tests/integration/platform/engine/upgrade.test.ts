/** A new build takes over runs that the old one began. */
import { DBOS } from '@dbos-inc/dbos-sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { defineFlow, defineTask, type FlowDefinition } from '../../../../src/platform/engine/flow.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { Ledger, request, type TestDeps } from '../../../support/engine-conformance/rig.ts'
import { eventually } from '../../../support/eventually.ts'

const ledger = new Ledger()
const common = { description: 'test', parameters: z.object({}), subjects: () => [], estimatedMinutes: 1 }
const step = (name: string) =>
  defineTask<TestDeps, object, string>({
    name,
    run: async (deps) => {
      deps.ledger.add(name)
      return name
    },
  })

type TestFlow = FlowDefinition<TestDeps, z.ZodObject, string>
const grows = (more: boolean): TestFlow =>
  defineFlow({
    ...common,
    name: 'grows',
    async run(flow, _parameters) {
      await flow.task(step('book'), {})
      await flow.waitFor('go', { within: 3_600 })
      return more ? flow.task(step('thank'), {}) : 'booked'
    },
  })
const swaps = (first: string, second: string): TestFlow =>
  defineFlow({
    ...common,
    name: 'swaps',
    async run(flow, _parameters) {
      await flow.task(step(first), {})
      await flow.waitFor('go', { within: 3_600 })
      return flow.task(step(second), {})
    },
  })

let place: TestDatabase
let rig: DurableRig
beforeAll(async () => {
  place = await createTestDatabase({ max: 20 })
})
afterAll(async () => {
  await rig.close()
  await place.drop()
})

test('runs in flight go on under the new build; a changed order is told, not guessed at', async () => {
  rig = await openDurableRig([grows(false), swaps('clean', 'inspect')], { ledger }, undefined, place)
  const growing = request(grows(false))
  const swapping = request(swaps('clean', 'inspect'))
  for (const asked of [growing, swapping]) {
    await rig.engine.start(asked)
    await eventually('the run to wait', async () => (await rig.status(asked.runId)) === 'waiting')
  }
  await rig.close()
  await DBOS.shutdown({ deregister: true })

  rig = await openDurableRig([grows(true), swaps('inspect', 'clean')], { ledger }, undefined, place)
  for (const { runId } of [growing, swapping]) await rig.engine.signal(runId, 'go', {})
  expect(await rig.ended(growing.runId)).toMatchObject({ status: 'completed', result: 'thank' })
  expect(ledger.count('book')).toBe(1)
  expect(await rig.ended(swapping.runId)).toMatchObject({ status: 'failed', error: { code: 'flow_changed' } })
  expect(ledger.count('inspect')).toBe(0)
})
