/** What a dead worker leaves of a saga's undos and of the runs it started: each once, whoever goes on. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { defineFlow, defineTask, defineTransaction } from '../../../../src/platform/engine/flow.ts'
import { runDetail } from '../../../../src/platform/runs/run-detail.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { Ledger, request, type TestDeps } from '../../../support/engine-conformance/rig.ts'
import { eventually } from '../../../support/eventually.ts'
import { signalNamed } from '../../../support/signals.ts'

const ledger = new Ledger()
const common = {
  description: 'test',
  parameters: z.object({ name: z.string() }),
  subjects: () => [],
  estimatedMinutes: 1,
}
const write = defineTransaction<TestDeps, string, string>({
  name: 'write',
  async run(_deps, name, { sql }) {
    await sql.query('insert into public.undo_rows (id) values ($1)', [name])
    return name
  },
})
const unwrite = defineTransaction<TestDeps, { input: string; result: string | undefined }, void>({
  name: 'unwrite',
  async run({ ledger }, { input }, { sql }) {
    ledger.add(`unwriting ${input}`)
    await sql.query('insert into public.undo_rows (id) values ($1)', [`${input} undone`])
  },
})
/** Names whose second undo may end. */
const free = new Set<string>()
const hangs = defineTask<TestDeps, { input: string }, void>({
  name: 'hangs',
  async run({ ledger }, { input }) {
    ledger.add(`hanging ${input}`)
    if (!free.has(input)) await new Promise(() => {})
  },
})
const note = defineTask<TestDeps, string, string>({
  name: 'note',
  async run(deps, say) {
    deps.ledger.add(say)
    return say
  },
})
const fails = defineFlow({
  ...common,
  name: 'fails',
  run: (flow, { name }) =>
    flow.saga(async (saga) => {
      await saga.act(note, `kept ${name}`, hangs)
      await saga.act(write, name, unwrite)
      throw new Error('no')
    }),
})
const child = defineFlow({
  ...common,
  name: 'child',
  run: (flow, { name }) => flow.task(note, `child ${name}`),
})
const starts = defineFlow({
  ...common,
  name: 'starts',
  async run(flow, { name }) {
    const id = await flow.start(child, { name })
    await flow.task(note, `started ${id}`)
    await flow.waitFor(signalNamed('go'), { within: 3_600 })
    return id
  },
})

let rig: DurableRig
beforeAll(async () => {
  rig = await openDurableRig([fails, starts, child], { ledger })
  await rig.database.query('create table public.undo_rows (id text primary key)')
})
afterAll(() => rig.close())

/** As after a kill -9 of its worker: somebody has the run who does not beat. */
async function giveToTheDead(runId: string): Promise<void> {
  await rig.database.query(
    `update dbos.workflow_status set executor_id = 'w_dead', owner_xid = 'dead' where workflow_uuid = $1`,
    [runId],
  )
}

const stepsOf = (runId: string) =>
  rig.database.query<{ step: number; name: string; kind: string }>(
    `select function_id as step, function_name as name, output::json ->> 'k' as kind
     from dbos.operation_outputs where workflow_uuid = $1 order by function_id`,
    [runId],
  )

test('an undo that is committed with its checkpoint is not made again by whoever takes the run over', async () => {
  const asked = request(fails, { name: 'a' })
  await rig.engine.start(asked)
  await ledger.saw('hanging kept a')
  expect(await stepsOf(asked.runId)).toEqual([
    { step: 0, name: 'note', kind: 'task' },
    { step: 1, name: 'write', kind: 'transaction' },
    { step: 2, name: 'unwrite', kind: 'undo' },
  ])
  free.add('kept a')
  await giveToTheDead(asked.runId)
  expect(await rig.ended(asked.runId)).toMatchObject({ status: 'failed', flagged: undefined })
  expect(ledger.count('unwriting a')).toBe(1)
  expect(await rig.database.query('select id from public.undo_rows order by id')).toEqual([
    { id: 'a' },
    { id: 'a undone' },
  ])
})

test('an undo whose run was taken away before it was committed leaves nothing, and is made once', async () => {
  const lock = await rig.database.pool.connect()
  try {
    await lock.query(`begin; insert into public.undo_rows (id) values ('b undone')`)
    const asked = request(fails, { name: 'b' })
    free.add('kept b')
    await rig.engine.start(asked)
    await ledger.saw('unwriting b')
    await eventually('the undo to wait for our row', async () => {
      const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%undo_rows%'`
      return (await rig.database.query(waiting)).length > 0
    })
    await giveToTheDead(asked.runId)
    await lock.query('rollback')
    expect(await rig.ended(asked.runId)).toMatchObject({ status: 'failed', flagged: undefined })
    const rows = await rig.database.query(`select id from public.undo_rows where id = 'b undone'`)
    expect(rows).toHaveLength(1)
    expect(ledger.count('unwriting b')).toBe(2)
  } finally {
    lock.release()
  }
})

test('a run that was started is started once, under one id, and shows with its parent', async () => {
  const asked = request(starts, { name: 'c' }, { eventId: 'evt_c' })
  await rig.engine.start(asked)
  await eventually('the wait', async () => (await rig.status(asked.runId)) === 'waiting')
  await giveToTheDead(asked.runId)
  await rig.engine.signal(asked.runId, 'go', null)
  const { result } = await rig.ended(asked.runId)
  const id = String(result)
  expect(await rig.ended(id)).toMatchObject({ status: 'completed', result: 'child c' })
  expect([ledger.count('child c'), ledger.count(`started ${id}`)]).toEqual([1, 1])
  expect(await runDetail(rig.database, asked.runId)).toMatchObject({
    child_run_ids: [id],
    task_runs: [{ task_name: 'child', status: 'completed' }, { task_name: 'note' }, {}],
  })
  expect(await runDetail(rig.database, id)).toMatchObject({ parent_run_id: asked.runId, event_id: 'evt_c' })
})

test('of a run that died between starting a child and saying so, the child is the one that was started', async () => {
  const asked = request(starts, { name: 'd' })
  await rig.engine.start(asked)
  await eventually('the wait', async () => (await rig.status(asked.runId)) === 'waiting')
  const before = await runDetail(rig.database, asked.runId)
  await giveToTheDead(asked.runId)
  await rig.database.query('delete from dbos.operation_outputs where workflow_uuid = $1', [asked.runId])
  await rig.engine.signal(asked.runId, 'go', null)
  const { result } = await rig.ended(asked.runId)
  expect(before?.child_run_ids).toEqual([result])
  expect((await runDetail(rig.database, asked.runId))?.child_run_ids).toEqual([result])
  expect(ledger.count('child d')).toBe(1)
})
