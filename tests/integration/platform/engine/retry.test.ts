/** A retry does what its plan says: over every place to fail at and to go on from, what ran is read from the rows. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { AnyFlow } from '../../../../src/platform/engine/flow.ts'
import type { RetryPlan } from '../../../../src/platform/engine/retry-plan.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { request } from '../../../support/engine-conformance/rig.ts'
import { aside, below, broken, everything, judged, keys, saga, undoneKeys, waits } from './retry-flows.ts'

let rig: DurableRig
beforeAll(async () => {
  rig = await openDurableRig([below, aside, everything, saga, waits, judged] as AnyFlow[], {})
  await rig.database.query('create table public.written (run_id text)')
})
afterEach(() => broken.clear())
afterAll(() => rig?.close())

/** Runs it to its end with `parts` broken, and mends them. */
async function endedWith(flow: AnyFlow, ...parts: string[]): Promise<string> {
  for (const part of parts) broken.add(part)
  const { runId } = request(flow)
  await rig.engine.start({ runId, flow, parameters: {} })
  if (flow === (everything as AnyFlow)) await rig.engine.signal(runId, 'go', null)
  expect((await rig.ended(runId)).status).toBe('failed')
  broken.clear()
  return runId
}

/** As after a fourth dead worker in a row: that step and those after it have no outcome. */
async function crashedAt(runId: string, step: number): Promise<void> {
  const values = [runId, step]
  await rig.database.query(
    'delete from dbos.operation_outputs where workflow_uuid = $1 and function_id >= $2',
    values,
  )
  await rig.database.query('delete from prefect.task_attempts where run_id = $1 and step >= $2', values)
  await rig.database.query('delete from dbos.workflow_output where workflow_uuid = $1', [runId])
  const text = `update dbos.workflow_status set status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' where workflow_uuid = $1`
  await rig.database.query(text, [runId])
}

/** Each step's row: the transaction that wrote it says whether it is the one of before. */
async function rows(runId: string): Promise<Map<number, string>> {
  const text =
    'select function_id as step, xmin::text as written from dbos.operation_outputs where workflow_uuid = $1'
  const steps = await rig.database.query<{ step: number; written: string }>(text, [runId])
  return new Map(steps.map(({ step, written }) => [step, written]))
}

async function childIds(runId: string): Promise<string[]> {
  const text = 'select id from prefect.flow_runs where parent_run_id = $1 order by id'
  return (await rig.database.query<{ id: string }>(text, [runId])).map(({ id }) => id)
}

async function planOf(runId: string, from?: string): Promise<RetryPlan> {
  const plan = await rig.engine.planRetry(runId, from)
  if (plan.kind !== 'plan') throw new Error(`No plan: ${plan.kind}`)
  return plan
}

const stepOf = (taskRunId: string) => Number(taskRunId.split('.')[1])

/** Retries it, and holds every row against what was said before. */
async function retryAsPlanned(runId: string, from?: string): Promise<RetryPlan> {
  // A child that nobody awaits may still run, and the plan says how it stands.
  for (const id of await childIds(runId)) await rig.ended(id)
  const plan = await planOf(runId, from)
  expect(plan.refused).toBeUndefined()
  const before = await rows(runId)
  const known = await childIds(runId)
  const belowBefore = new Map(await Promise.all(known.map(async (id) => [id, await rows(id)] as const)))
  expect(await rig.engine.retryFrom(runId, from)).toEqual(plan)
  expect((await rig.ended(runId)).status).toBe('completed')
  const after = await rows(runId)
  for (const { taskRunId } of plan.kept) {
    expect(after.get(stepOf(taskRunId)), `${taskRunId} is kept`).toBe(before.get(stepOf(taskRunId)))
  }
  for (const { taskRunId } of plan.runsAgain) {
    expect(after.get(stepOf(taskRunId)), `${taskRunId} runs again`).not.toBe(before.get(stepOf(taskRunId)))
  }
  const anew = plan.children.filter(({ becomes }) => becomes === 'started_anew')
  // Those after the failed step are started for the first time.
  const first = keys.has(`${runId} act`) ? 2 - known.length : 0
  expect((await childIds(runId)).length - known.length).toBe(anew.length + first)
  for (const id of known) {
    const becomes = plan.children.find((child) => child.runId === id)?.becomes
    const same = JSON.stringify([...(await rows(id))]) === JSON.stringify([...(belowBefore.get(id) ?? [])])
    expect(same, `${id} ${becomes}`).toBe(becomes !== 'retried')
  }
  return plan
}

const written = async (runId: string) =>
  (await rig.database.query('select from public.written where run_id = $1', [runId])).length

const ORDER = ['act', 'insert_row', 'go', 'below', 'fan', 'aside', 'last']
/** The names to ask for, where those above are not names of tasks. The fan's by the id of its second. */
const asked = (runId: string, name: string) => (name === 'fan' ? `${runId}.6` : name)
const PLACES = [
  { fails: ['write'], from: ['act', 'write'] },
  { fails: ['below 2'], from: ORDER.slice(0, 4) },
  { fails: ['fan 1'], from: ORDER.slice(0, 5) },
  { fails: ['fan 1', 'fan 2'], from: ['below', 'fan'] },
  { fails: ['last'], from: ORDER },
].flatMap(({ fails, from }) => from.map((name) => ({ fails, from: name })))

describe('a plan and what then happens', () => {
  test.each(PLACES)('failed at $fails, from $from', async ({ fails, from }) => {
    const runId = await endedWith(everything as AnyFlow, ...fails)
    const appliedBefore = await written(runId)
    const plan = await retryAsPlanned(runId, asked(runId, from))
    const again = plan.runsAgain.some(({ kind }) => kind === 'transaction')
    expect(await written(runId)).toBe(appliedBefore + (again ? 1 : 0))
    expect(plan.runsAgain.length).toBeGreaterThan(0)
  })

  test.each(['write', 'below 2', 'fan 1', 'last'])('failed at %s, without a task', async (fails) => {
    const runId = await endedWith(everything as AnyFlow, fails)
    const plan = await retryAsPlanned(runId)
    expect(plan.runsAgain).toHaveLength(1)
    expect(plan.anewFrom).toBeUndefined()
  })

  test('crashed in the middle, from the start and from where it stopped', async () => {
    for (const from of [undefined, 'act', 'below']) {
      const runId = await endedWith(everything as AnyFlow, 'last')
      await crashedAt(runId, 9)
      const plan = await retryAsPlanned(runId, from)
      expect(plan.status).toBe('crashed')
    }
  })

  test('a flow that judged itself failed runs from the top, or from the task that is named', async () => {
    const [top, named] = [
      await endedWith(judged as AnyFlow, 'verdict'),
      await endedWith(judged as AnyFlow, 'verdict'),
    ]
    expect((await retryAsPlanned(top)).anewFrom).toBe(0)
    expect((await retryAsPlanned(named, 'act')).from).toBe('act')
  })

  test('a cancelled run goes again from a task before its wait', async () => {
    const { runId } = request(waits)
    await rig.engine.start({ runId, flow: waits as AnyFlow, parameters: {} })
    await expect
      .poll(
        async () =>
          (await rig.database.query('select from prefect.run_waits where run_id = $1', [runId])).length,
      )
      .toBe(1)
    await rig.engine.cancel(runId)
    expect((await rig.ended(runId)).status).toBe('cancelled')
    const plan = await planOf(runId, 'act')
    expect(plan.runsAgain.map(({ name }) => name)).toEqual(['act', 'go'])
    expect(await rig.engine.retryFrom(runId, 'act')).toEqual(plan)
    await rig.engine.signal(runId, 'go', null)
    expect((await rig.ended(runId)).status).toBe('completed')
    expect(keys.get(`${runId} before`)).toHaveLength(2)
  })
})

test('the runs whose messages may come again: what is done again, and all that it had started', async () => {
  const runId = await endedWith(everything as AnyFlow, 'last')
  const [child, other] = await childIds(runId)
  const speakersOf = async (id: string, from?: string) =>
    (await planOf(id, from)).speakers.map((speaker) => [speaker.runId, speaker.anew]).toSorted()
  const all = [runId, child, other].map((id) => [id, true]).toSorted()
  expect(await speakersOf(runId)).toEqual([[runId, false]])
  expect(await speakersOf(runId, 'aside')).toHaveLength(2)
  expect(await speakersOf(runId, 'act')).toEqual(all)
  const above = await endedWith(everything as AnyFlow, 'below 2')
  expect(await speakersOf(above)).toEqual(
    [above, ...(await childIds(above))].map((id) => [id, false]).toSorted(),
  )
})

describe('idempotency keys', () => {
  test('what stays keeps its key, what is done again after it went well has another', async () => {
    const runId = await endedWith(everything as AnyFlow, 'last')
    await retryAsPlanned(runId, 'below')
    expect(keys.get(`${runId} act`)).toEqual([`${runId}.0.0`])
    expect(keys.get(`${runId} fan 0`)).toEqual([`${runId}.0.5`, `${runId}.1.5`])
    expect(keys.get(`${runId} last`)).toEqual([`${runId}.0.9`, `${runId}.1.9`])
  })

  test('from the task that failed alone it is the same key: it may have been done', async () => {
    const runId = await endedWith(everything as AnyFlow, 'last')
    await retryAsPlanned(runId, 'last')
    expect(keys.get(`${runId} last`)).toEqual([`${runId}.0.9`, `${runId}.0.9`])
  })

  test('an act that stays is undone under the key that it was done with', async () => {
    const runId = await endedWith(saga as AnyFlow, 'second')
    // As if it had crashed before its undos, with the second act done.
    await crashedAt(runId, 1)
    await rig.database.query(
      `insert into dbos.operation_outputs (workflow_uuid, function_id, function_name, output, serialization)
       values ($1, 1, 'last', '{"k": "task"}', 'portable_json')`,
      [runId],
    )
    undoneKeys.length = 0
    broken.add('second')
    expect(await planOf(runId, 'last')).toMatchObject({ anewFrom: 1 })
    await rig.engine.retryFrom(runId, 'last')
    expect((await rig.ended(runId)).status).toBe('failed')
    expect(undoneKeys).toEqual([`${runId}.1.1`, `${runId}.0.0`])
  })
})

describe('refused', () => {
  test('a run whose saga undid its acts: from the top only', async () => {
    const runId = await endedWith(saga as AnyFlow, 'second')
    const plan = await rig.engine.retryFrom(runId, 'last')
    expect(plan).toMatchObject({
      refused: { code: 'from_task', reason: expect.stringContaining('from the top') },
    })
    expect(await rig.status(runId)).toBe('failed')
    expect((await retryAsPlanned(runId)).anewFrom).toBe(0)
  })

  test('a task after the one that it ended at', async () => {
    const runId = await endedWith(everything as AnyFlow, 'fan 0')
    const reason = expect.stringContaining(`it ended at act (${runId}.5)`)
    expect(await planOf(runId, `${runId}.6`)).toMatchObject({
      refused: { code: 'from_task', reason },
      runsAgain: [],
    })
  })

  test('a child that still runs', async () => {
    const runId = await endedWith(everything as AnyFlow, 'last')
    const child = (await planOf(runId, 'below')).children.find(({ workflowName }) => workflowName === 'below')
    const set = (status: string) =>
      rig.database.query('update dbos.workflow_status set status = $2 where workflow_uuid = $1', [
        child?.runId,
        status,
      ])
    await set('DELAYED')
    const reason = expect.stringContaining(`its child ${child?.runId}`)
    expect(await planOf(runId, 'below')).toMatchObject({ refused: { code: 'from_task', reason } })
    await set('SUCCESS')
    expect((await planOf(runId, 'below')).refused).toBeUndefined()
  })

  test('a completed run, a task that it has not, a run that is not there', async () => {
    const { runId } = request(judged)
    await rig.engine.start({ runId, flow: judged as AnyFlow, parameters: {} })
    await rig.ended(runId)
    const reason = expect.stringContaining('one recorded outcome')
    expect(await planOf(runId, 'act')).toMatchObject({ refused: { code: 'not_failed', reason } })
    const failed = await endedWith(judged as AnyFlow, 'verdict')
    expect(await rig.engine.retryFrom(failed, 'acts')).toEqual({ kind: 'no_such_task', tasks: ['act'] })
    expect(await rig.status(failed)).toBe('failed')
    expect(await rig.engine.planRetry('fr_nobody')).toEqual({ kind: 'not_found' })
  })
})

test('of two at the same time one does it, and the other hears that the run has not failed', async () => {
  const runId = await endedWith(everything as AnyFlow, 'last')
  const both = await Promise.all([rig.engine.retryFrom(runId, 'last'), rig.engine.retryFrom(runId, 'below')])
  const refused = both.map((plan) => plan.kind === 'plan' && plan.refused?.code)
  expect(refused.toSorted()).toEqual(['not_failed', undefined])
  expect((await rig.ended(runId)).status).toBe('completed')
})
