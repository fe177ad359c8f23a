/** Runs that only wait are suspended, and resumed by what they wait for. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { startRuns } from '../../../../src/platform/engine/durable/start-runs.ts'
import { FlowFailure } from '../../../../src/platform/engine/errors.ts'
import { type AnyFlow, defineFlow, defineTask, MOST_IN_HAND } from '../../../../src/platform/engine/flow.ts'
import { newRunId } from '../../../../src/platform/engine/ids.ts'
import { runDetail } from '../../../../src/platform/runs/run-detail.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { eventually } from '../../../support/eventually.ts'
import { signalNamed } from '../../../support/signals.ts'

const about = { description: 'test', parameters: z.object({}), subjects: () => [], estimatedMinutes: 1 }
const undone: string[] = []
const note = defineTask<object, string, string>({ name: 'note', run: async (_deps, word) => word })
const waits = defineFlow({
  ...about,
  name: 'waits',
  run: async (flow) => {
    const first = await flow.task(note, 'before')
    const payload = await flow.waitFor(signalNamed('go'), { within: 600 })
    return [first, payload, await flow.task(note, 'after')]
  },
})
const failsAfterwards = defineFlow({
  ...about,
  name: 'fails_afterwards',
  run: async (flow) => {
    await flow.waitFor(signalNamed('go'), { within: 600 })
    throw new FlowFailure('broken', 'It broke.')
  },
})
const waitsForFailure = defineFlow({
  ...about,
  name: 'waits_for_failure',
  run: (flow) => flow.child(failsAfterwards, {}),
})
const waitsForChild = defineFlow({ ...about, name: 'waits_for_child', run: (flow) => flow.child(waits, {}) })
const sleeps = defineFlow({
  ...about,
  name: 'sleeps',
  run: async (flow) => {
    await flow.sleep(1)
    return 'awake'
  },
})
const saga = defineFlow({
  ...about,
  name: 'waits_in_a_saga',
  run: (flow) =>
    flow.saga(async (acts) => {
      await acts.act(
        note,
        'done',
        defineTask({ name: 'undo', run: async () => void undone.push(flow.runId) }),
      )
      await flow.waitFor(signalNamed('go'), { within: 600 })
    }),
})
const again = defineTask<object, null, string>({
  name: 'again',
  retry: { attempts: 2, firstDelaySeconds: 1, jitter: 0 },
  run: async (_deps, _input, { attempt }) => {
    if (attempt === 1) throw new Error('not yet')
    return `attempt ${attempt}`
  },
})
const retries = defineFlow({ ...about, name: 'retries', run: (flow) => flow.task(again, null) })
const quick = defineFlow({ ...about, name: 'quick', run: async () => 'done' })
const hasChild = defineFlow({ ...about, name: 'has_child', run: (flow) => flow.child(quick, {}) })

let rig: DurableRig
beforeAll(async () => {
  const flows: unknown[] = [
    waits,
    waitsForChild,
    sleeps,
    saga,
    retries,
    quick,
    hasChild,
    failsAfterwards,
    waitsForFailure,
  ]
  rig = await openDurableRig(flows as AnyFlow[], {}, undefined, undefined, { suspendAfterMs: 100 })
})
afterAll(() => rig?.close())

async function start(flow: AnyFlow): Promise<string> {
  const runId = newRunId()
  await rig.engine.start({ runId, flow, parameters: {} })
  return runId
}

const engineStatus = async (id: string) => {
  const text = 'select status from dbos.workflow_status where workflow_uuid = $1'
  return (await rig.database.query<{ status: string }>(text, [id]))[0]?.status
}
const suspended = (id: string) =>
  eventually(`${id} to be suspended`, async () => (await engineStatus(id)) === 'DELAYED')

test('a run that waits for a signal is nobody’s, still waiting, and goes on with the signal', async () => {
  const id = await start(waits)
  await suspended(id)
  await eventually('the worker to have let go', () => rig.worker.running() === 0)
  expect((await runDetail(rig.database, id))?.status).toBe('waiting')
  await rig.engine.signal(id, 'go', 'now')
  expect(await rig.ended(id)).toMatchObject({ status: 'completed', result: ['before', 'now', 'after'] })
  // To be claimed after a suspension is no recovery.
  expect((await runDetail(rig.database, id))?.recoveries).toBe(0)
})

test('a run that waits for a child is suspended too, and goes on when the child has ended', async () => {
  const id = await start(waitsForChild)
  await suspended(id)
  const child = (await runDetail(rig.database, id))?.child_run_ids[0] as string
  await suspended(child)
  expect((await runDetail(rig.database, id))?.status).toBe('running')
  await rig.engine.signal(child, 'go', 'now')
  expect(await rig.ended(id)).toMatchObject({ status: 'completed', result: ['before', 'now', 'after'] })
})

test('a cancelled child resumes the parent that waits for it', async () => {
  const id = await start(waitsForChild)
  await suspended(id)
  const child = (await runDetail(rig.database, id))?.child_run_ids[0] as string
  await suspended(child)
  await rig.engine.cancel(child)
  expect(await rig.ended(id)).toMatchObject({ status: 'failed', error: { code: 'child_failed' } })
})

test('a child that fails resumes the parent that waits for it', async () => {
  const id = await start(waitsForFailure)
  await suspended(id)
  const child = (await runDetail(rig.database, id))?.child_run_ids[0] as string
  await suspended(child)
  await rig.engine.signal(child, 'go', null)
  expect(await rig.ended(id)).toMatchObject({ status: 'failed', error: { code: 'child_failed' } })
})

test('a sleep and the pause before another attempt end by themselves', async () => {
  const ids = [await start(sleeps), await start(retries)]
  for (const id of ids) await suspended(id)
  expect((await runDetail(rig.database, ids[1] as string))?.status).toBe('retrying')
  expect(await rig.ended(ids[0] as string)).toMatchObject({ status: 'completed', result: 'awake' })
  expect(await rig.ended(ids[1] as string)).toMatchObject({ status: 'completed', result: 'attempt 2' })
})

test('cancelling one undoes what it did', async () => {
  const id = await start(saga)
  await suspended(id)
  expect((await rig.engine.cancel(id)).kind).toBe('cancelling')
  expect((await rig.ended(id)).status).toBe('cancelled')
  expect(undone).toEqual([id])
})

test('more waits than a worker may have in hand do not keep it from working', async () => {
  const many = Array.from({ length: MOST_IN_HAND + 50 }, () => newRunId())
  await startRuns(
    rig.database,
    many.map((runId) => ({ runId, flow: waits as AnyFlow, parameters: {} })),
  )
  rig.worker.pollNow('*')
  const id = await start(quick)
  expect((await rig.ended(id)).status).toBe('completed')
  await rig.database.query('update prefect.flow_runs set cancel_requested_at = now() where id = any($1)', [
    many,
  ])
})

test('a burst of parents, more than a worker may have in hand, ends: children come first', async () => {
  const many = Array.from({ length: MOST_IN_HAND + 200 }, () => newRunId())
  await startRuns(
    rig.database,
    many.map((runId) => ({ runId, flow: hasChild as AnyFlow, parameters: {} })),
  )
  rig.worker.pollNow('*')
  await eventually(
    'all to be completed',
    async () => {
      const [row] = await rig.database.query<{ n: number }>(
        `select count(*)::int as n from dbos.workflow_status where workflow_uuid = any($1) and status = 'SUCCESS'`,
        [many],
      )
      return row?.n === many.length
    },
    60,
  )
})
