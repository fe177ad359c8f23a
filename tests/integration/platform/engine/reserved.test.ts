/** Runs whose ids are given out before their parent starts them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { startRuns } from '../../../../src/platform/engine/durable/start-runs.ts'
import { FlowFailure } from '../../../../src/platform/engine/errors.ts'
import { type AnyFlow, defineFlow } from '../../../../src/platform/engine/flow.ts'
import { childRunId, newRunId } from '../../../../src/platform/engine/ids.ts'
import { runDetail } from '../../../../src/platform/runs/run-detail.ts'
import { listRuns } from '../../../../src/platform/runs/run-list.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { eventually } from '../../../support/eventually.ts'
import { signalNamed } from '../../../support/signals.ts'

const parameters = z.object({ room: z.string() })
const about = { description: 'test', parameters, subjects: () => ['room:1'], estimatedMinutes: 1 }
const first = defineFlow({ ...about, name: 'first_child', run: async (_flow, { room }) => `first ${room}` })
const second = defineFlow({
  ...about,
  name: 'second_child',
  run: async (_flow, { room }) => `second ${room}`,
})

let broken = false
let goOn: () => void = () => {}
const parent = defineFlow({
  ...about,
  name: 'reserving_parent',
  async run(flow, given) {
    const one = await flow.child(first, given)
    await flow.waitFor(signalNamed('go_on'), { within: 60 })
    if (broken) throw new FlowFailure('broken', 'It broke before the second.')
    return [one, await flow.child(second, given)]
  },
})

let rig: DurableRig
beforeAll(async () => {
  rig = await openDurableRig([parent, first, second] as AnyFlow[], {})
})
afterAll(() => rig?.close())

async function begin() {
  const parentId = newRunId()
  const given = { room: '201' }
  // By the parent's steps: its wait, between the children, is one too.
  const children = [first, second].map((flow, n) => ({
    ...{ runId: childRunId(parentId, 0, n * 2), flow, parameters: given, parentRunId: parentId },
    reserved: true,
  }))
  await startRuns(rig.database, [{ runId: parentId, flow: parent, parameters: given }, ...children])
  rig.worker.pollNow('*')
  goOn = () => void rig.engine.signal(parentId, 'go_on', null)
  return { parentId, ids: children.map(({ runId }) => runId) as [string, string] }
}

const status = async (id: string) => (await runDetail(rig.database, id))?.status

test('a reserved run is pending until its parent starts it, under the id that was given out', async () => {
  broken = false
  const { parentId, ids } = await begin()
  expect(await rig.ended(ids[0])).toMatchObject({ status: 'completed', result: 'first 201' })
  expect(await status(ids[1])).toBe('pending')
  const page = { limit: 10, offset: 0 }
  const pending = await listRuns(rig.database, { statuses: ['pending'] }, page)
  expect(pending.runs.map((run) => run.flow_run_id)).toEqual([ids[1]])
  goOn()
  expect(await rig.ended(parentId)).toMatchObject({
    status: 'completed',
    result: ['first 201', 'second 201'],
  })
  expect(await status(ids[1])).toBe('completed')
  expect((await runDetail(rig.database, parentId))?.child_run_ids.toSorted()).toEqual(ids.toSorted())
})

test('a parent that ends before it leaves it cancelled; a retry of the parent runs it', async () => {
  broken = true
  const { parentId, ids } = await begin()
  goOn()
  expect((await rig.ended(parentId)).status).toBe('failed')
  expect(await status(ids[1])).toBe('cancelled')
  const listed = await listRuns(rig.database, { statuses: ['cancelled'] }, { limit: 10, offset: 0 })
  expect(listed.runs.map((run) => run.flow_run_id)).toEqual([ids[1]])
  broken = false
  await rig.engine.retry(parentId)
  goOn()
  expect((await rig.ended(parentId)).status).toBe('completed')
})

test('one that is cancelled before its turn stays cancelled, and its parent says why it failed', async () => {
  broken = false
  const { parentId, ids } = await begin()
  await rig.ended(ids[0])
  expect((await rig.engine.cancel(ids[1])).kind).toBe('cancelled')
  goOn()
  expect(await rig.ended(parentId)).toMatchObject({ status: 'failed', error: { code: 'child_failed' } })
})

test("its release waits for whoever holds the engine's row, and holds nothing itself meanwhile", async () => {
  broken = false
  const { parentId, ids } = await begin()
  await rig.ended(ids[0])
  // In the order in which a cancel takes them: the engine's row, then ours.
  await rig.database.transaction(async (sql) => {
    await sql.query('select from dbos.workflow_status where workflow_uuid = $1 for no key update', [ids[1]])
    goOn()
    await eventually('the release to wait', async () => {
      const waiting = `select from pg_stat_activity where datname = current_database()
        and wait_event_type = 'Lock' and query like '%announced%'`
      return (await rig.database.query(waiting)).length > 0
    })
    await sql.query('update prefect.flow_runs set flagged = null where id = $1', [ids[1]])
  })
  expect((await rig.ended(parentId)).status).toBe('completed')
})
