/** A cancel reaches the worker that has the run by itself: here its heartbeat comes too late for anything. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type AnyFlow, defineFlow, defineTask, type Flow } from '../../../../src/platform/engine/flow.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { Ledger, request, type TestDeps } from '../../../support/engine-conformance/rig.ts'
import { eventually } from '../../../support/eventually.ts'
import { signalNamed } from '../../../support/signals.ts'

const ledger = new Ledger()
const about = { description: 'test', parameters: z.object({}), subjects: () => [], estimatedMinutes: 1 }
const untilStopped = defineTask<TestDeps, null, void>({
  name: 'until_stopped',
  async run(deps, _input, { signal }) {
    deps.ledger.add('begun')
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  },
})
const undo = defineTask<TestDeps, object, void>({
  name: 'undo',
  run: async (deps) => void deps.ledger.add('undone'),
})
const works = defineFlow({
  ...about,
  name: 'works',
  run: (flow: Flow<TestDeps>) => flow.saga((saga) => saga.act(untilStopped, null, undo)),
})
const waits = defineFlow({
  ...about,
  name: 'waits_for_nothing',
  async run(flow: Flow<TestDeps>) {
    await flow.waitFor(signalNamed('never'), { within: 3_600 })
  },
})

let rig: DurableRig
beforeAll(async () => {
  const never = 3_600_000
  const timings = { heartbeatMs: never, fenceAfterMs: never, signalRecheckMs: never, suspendAfterMs: never }
  rig = await openDurableRig([works, waits] as AnyFlow[], { ledger }, undefined, undefined, timings)
  // A cancel before it listens would be the heartbeat's to find.
  await eventually('the worker to listen', async () => {
    const listening = `select from pg_stat_activity where datname = current_database()
      and application_name = 'prefect-service wake-ups' and query like 'listen %' and state = 'idle'`
    return (await rig.database.query(listening)).length > 0
  })
})
// The rig holds that nothing was warned of: a run that ends by cancel ends as it should.
afterAll(() => rig?.close())

test('a task in progress is stopped, and what it did is undone', async () => {
  const asked = request(works)
  await rig.engine.start(asked)
  await ledger.saw('begun')
  expect((await rig.engine.cancel(asked.runId)).kind).toBe('cancelling')
  expect(await rig.ended(asked.runId)).toMatchObject({ status: 'cancelled' })
  expect(ledger.count('undone')).toBe(1)
})

test('a wait ends', async () => {
  const asked = request(waits)
  await rig.engine.start(asked)
  await eventually('the run to wait', async () => (await rig.status(asked.runId)) === 'waiting')
  await rig.engine.cancel(asked.runId)
  expect((await rig.ended(asked.runId)).status).toBe('cancelled')
})

test('a run that no worker had begins for the first time when it is retried', async () => {
  const asked = { ...request(waits), scheduledFor: new Date(Date.now() + 86_400_000) }
  await rig.engine.start(asked)
  await rig.engine.cancel(asked.runId)
  expect((await rig.engine.retry(asked.runId)).kind).toBe('retrying')
  await eventually('the run to wait', async () => (await rig.status(asked.runId)) === 'waiting')
  const [run] = await rig.database.query('select recoveries, begun_at from prefect.flow_runs where id = $1', [
    asked.runId,
  ])
  expect(run).toEqual({ recoveries: 0, begun_at: null })
  await rig.engine.cancel(asked.runId)
  expect((await rig.ended(asked.runId)).status).toBe('cancelled')
})
