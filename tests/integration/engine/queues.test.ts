import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { defineFlow, defineTask, QUEUES } from '../../../src/engine/flow.ts'
import { type DurableRig, openDurableRig } from '../../support/durable-rig.ts'
import { request } from '../../support/engine-conformance/rig.ts'
import { eventually } from '../../support/eventually.ts'

const PLACES = QUEUES.events.workerConcurrency
const EXTRA = 6

let release: () => void = () => {}
const released = new Promise<void>((resolve) => {
  release = resolve
})
const held = defineTask<object, number, number>({
  name: 'held',
  async run(_deps, n) {
    await released
    return n
  },
})
const holding = defineFlow({
  name: 'holding',
  description: 'test',
  parameters: z.object({ n: z.number() }),
  subjects: () => [],
  estimatedMinutes: 1,
  queue: 'events',
  run: (flow, { n }) => flow.task(held, n),
})

let rig: DurableRig
const ids: string[] = []

beforeAll(async () => {
  rig = await openDurableRig([holding], {}, async (engine) => {
    // The first ones in are the least urgent.
    for (let n = 0; n < PLACES + EXTRA; n++) {
      const asked = request(holding, { n }, { priority: n < EXTRA ? 100 : 1 })
      ids.push(asked.runId)
      await engine.start(asked)
    }
  })
})
afterAll(() => rig.close())

test('a worker takes as many runs as the queue allows, the most urgent first, and the rest when places are free', async () => {
  const waiting = async () =>
    rig.database.query<{ id: string }>(
      `select workflow_uuid as id from dbos.workflow_status where status = 'ENQUEUED' order by created_at`,
    )
  await eventually('all places to be taken', () => rig.worker.running() === PLACES)
  expect((await waiting()).map(({ id }) => id)).toEqual(ids.slice(0, EXTRA))
  release()
  for (const id of ids) expect((await rig.ended(id)).status).toBe('completed')
})
