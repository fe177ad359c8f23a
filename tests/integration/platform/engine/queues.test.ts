import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { defineFlow, defineTask, QUEUES } from '../../../../src/platform/engine/flow.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { request } from '../../../support/engine-conformance/rig.ts'
import { eventually } from '../../../support/eventually.ts'

const SLOTS = QUEUES.events.workerConcurrency
const EXTRA = 6

let release: () => void = () => {}
const released = new Promise<void>((resolve) => {
  release = resolve
})
/** Keeps its slot: nothing that its code waits for here is a word of the flow. */
const holding = defineFlow({
  name: 'holding',
  description: 'test',
  parameters: z.object({ n: z.number() }),
  subjects: () => [],
  estimatedMinutes: 1,
  queue: 'events',
  run: async (_flow, { n }) => {
    await released
    return n
  },
})
const out = defineTask<object, number, number>({
  name: 'out',
  async run(_deps, n) {
    outside += 1
    await released
    return n
  },
})
let outside = 0
/** Out for the answer of a service that hangs. */
const asking = defineFlow({
  name: 'asking',
  description: 'test',
  parameters: z.object({ n: z.number() }),
  subjects: () => [],
  estimatedMinutes: 1,
  run: (flow, { n }) => flow.task(out, n),
})

let rig: DurableRig
const ids: string[] = []

beforeAll(async () => {
  rig = await openDurableRig([holding, asking], {}, async (engine) => {
    // The first ones in are the least urgent.
    for (let n = 0; n < SLOTS + EXTRA; n++) {
      const asked = request(holding, { n }, { priority: n < EXTRA ? 100 : 1 })
      ids.push(asked.runId)
      await engine.start(asked)
    }
  })
})
afterAll(() => rig.close())

const inHand = async (flow: string) => {
  const text = "select count(*)::int as n from dbos.workflow_status where status = 'PENDING' and name = $1"
  return (await rig.database.query<{ n: number }>(text, [flow]))[0]?.n
}

test('runs that are out for an answer leave their slots to others', async () => {
  const asked = Array.from({ length: SLOTS + EXTRA }, (_, n) => request(asking, { n }))
  for (const one of asked) await rig.engine.start(one)
  await eventually('all to be out', () => outside === asked.length)
})

test('a worker takes as many runs as the queue allows, the most urgent first, and the rest when slots are free', async () => {
  const waiting = async () =>
    rig.database.query<{ id: string }>(
      `select workflow_uuid as id from dbos.workflow_status where status = 'ENQUEUED' order by created_at`,
    )
  await eventually('all slots to be taken', async () => (await inHand('holding')) === SLOTS)
  expect((await waiting()).map(({ id }) => id)).toEqual(ids.slice(0, EXTRA))
  release()
  for (const id of ids) expect((await rig.ended(id)).status).toBe('completed')
})
