import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { defineFlow, defineTask } from '../../../src/engine/flow.ts'
import { Ledger, request, type TestDeps } from '../../support/engine-conformance/rig.ts'
import { type DurableRig, openDurableRig } from '../../support/durable-rig.ts'
import { eventually } from '../../support/eventually.ts'

const ledger = new Ledger()
const noted = defineTask<TestDeps, string, string>({
  name: 'noted',
  async run(deps, say) {
    deps.ledger.add(say)
    return say
  },
})
const twoTasks = defineFlow({
  name: 'two_tasks',
  description: 'test',
  parameters: z.object({ name: z.string() }),
  subjects: () => [],
  estimatedMinutes: 1,
  async run(flow, { name }) {
    await flow.task(noted, `${name} first`)
    await flow.waitFor('go', { within: 3_600 })
    return flow.task(noted, `${name} second`)
  },
})

let rig: DurableRig
beforeAll(async () => {
  rig = await openDurableRig([twoTasks], { ledger })
})
afterAll(() => rig.close())

async function startWaiting(name: string): Promise<string> {
  const asked = request(twoTasks, { name })
  await rig.engine.start(asked)
  await eventually(`${name} to wait`, async () => (await rig.status(asked.runId)) === 'waiting')
  return asked.runId
}

/** As after a kill -9 of its worker: somebody has the run who does not beat. */
async function giveToTheDead(runId: string): Promise<void> {
  await rig.database.query(
    `update dbos.workflow_status set executor_id = 'w_dead', owner_xid = 'dead' where workflow_uuid = $1`,
    [runId],
  )
}

const attemptsOf = async (runId: string) =>
  (
    await rig.database.query<{ n: string }>(
      'select recovery_attempts as n from dbos.workflow_status where workflow_uuid = $1',
      [runId],
    )
  )[0]?.n

test('a dead worker’s run goes on where it stopped: what is recorded is not repeated', async () => {
  const runId = await startWaiting('orphan')
  await giveToTheDead(runId)
  await eventually('the run to be claimed again', async () => Number(await attemptsOf(runId)) === 2)
  await rig.engine.signal(runId, 'go', {})
  expect(await rig.ended(runId)).toMatchObject({ status: 'completed', result: 'orphan second' })
  expect(ledger.count('orphan first')).toBe(1)
  expect(ledger.count('orphan second')).toBe(1)
})

test('an execution that lost its run records nothing more', async () => {
  const runId = await startWaiting('stolen')
  // Taken by a worker that is alive, so that nobody sweeps it back.
  await rig.database.query(
    `insert into prefect.workers (id, host, pid, roles, version, heartbeat_at)
     values ('w_thief', 'x', 1, '{worker}', 'test', now() + interval '1 hour')`,
  )
  await rig.database.query(
    `update dbos.workflow_status set executor_id = 'w_thief', owner_xid = 'thief' where workflow_uuid = $1`,
    [runId],
  )
  await rig.engine.signal(runId, 'go', {})
  await eventually('the first execution to let go', () => rig.worker.running() === 0)
  expect(ledger.count('stolen second')).toBe(0)
  expect(await rig.status(runId)).toBe('waiting')
})

test('a run that has taken four workers down is parked as crashed, and a retry goes on where it stopped', async () => {
  const runId = await startWaiting('poison')
  for (let claim = 1; claim <= 4; claim++) {
    await eventually(`claim ${claim}`, async () => Number(await attemptsOf(runId)) === claim)
    await giveToTheDead(runId)
  }
  expect((await rig.ended(runId)).status).toBe('crashed')
  expect(await rig.engine.retry(runId)).toEqual({ kind: 'retrying', from: undefined })
  await rig.engine.signal(runId, 'go', {})
  expect((await rig.ended(runId)).status).toBe('completed')
  expect(ledger.count('poison first')).toBe(1)
})
