import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { startRuns } from '../../../../src/platform/engine/durable/start-runs.ts'
import { commitStep } from '../../../../src/platform/engine/durable/transactions.ts'
import { defineFlow, defineTask, defineTransaction, type Flow } from '../../../../src/platform/engine/flow.ts'
import { runDetail } from '../../../../src/platform/runs/run-detail.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { Ledger, request, type TestDeps } from '../../../support/engine-conformance/rig.ts'
import { eventually } from '../../../support/eventually.ts'
import { signalNamed } from '../../../support/signals.ts'

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
    await flow.waitFor(signalNamed('go'), { within: 3_600 })
    return flow.task(noted, `${name} second`)
  },
})

/** Names whose work may end. */
const free = new Set<string>()
const waiting = new Set<() => void>()
function release(name: string): void {
  free.add(name)
  for (const go of waiting) go()
}
const working = defineTask<TestDeps, string, void>({
  name: 'working',
  async run(deps, name, { signal }) {
    deps.ledger.add(`${name} working`)
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
      const go = () => free.has(name) && resolve()
      waiting.add(go)
      go()
    })
  },
})
const common = {
  description: 'test',
  parameters: z.object({ name: z.string() }),
  subjects: () => [],
  estimatedMinutes: 1,
}
const stuck = defineFlow({
  ...common,
  name: 'stuck',
  async run(flow, { name }) {
    await flow.task(noted, `${name} first`)
    await flow.task(working, name)
  },
})
const slow = defineFlow({
  ...common,
  name: 'slow',
  async run(flow, { name }) {
    for (const step of ['one', 'two', 'three']) await flow.task(working, `${name} ${step}`)
  },
})
const booking = defineTask<TestDeps, string, void>({
  name: 'booking',
  async run(deps, name, { signal }) {
    deps.ledger.add(`${name} booking`)
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  },
})
const travel = defineFlow({
  ...common,
  name: 'travel',
  run: (flow, { name }) =>
    flow.saga((saga) =>
      saga.act(
        booking,
        name,
        defineTask({
          name: 'unbook',
          run: async (deps: TestDeps) => deps.ledger.add(`${name} undone`),
        }),
      ),
    ),
})
const parent = defineFlow({
  ...common,
  name: 'parent',
  run: (flow: Flow<TestDeps>, { name }) => flow.child(twoTasks, { name }),
})
const idles = defineTransaction<TestDeps, string, void>({
  name: 'idles',
  async run(deps, name, { sql }) {
    deps.ledger.add(`${name} begun`)
    const [session] = await sql.query<{ pid: number }>('select pg_backend_pid() as pid')
    await eventually('PostgreSQL to end the idle session', async () => {
      const living = 'select 1 from pg_stat_activity where pid = $1'
      return (await rig.database.query(living, [session?.pid])).length === 0
    })
    await sql.query('select 1')
  },
})
const idler = defineFlow({ ...common, name: 'idler', run: (flow, { name }) => flow.task(idles, name) })

let rig: DurableRig
beforeAll(async () => {
  rig = await openDurableRig([twoTasks, stuck, slow, travel, parent, idler], { ledger })
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

const recoveriesOf = async (runId: string) => (await runDetail(rig.database, runId))?.recoveries

test('a dead worker’s run goes on where it stopped: what is recorded is not repeated', async () => {
  const runId = await startWaiting('orphan')
  await giveToTheDead(runId)
  await eventually('the run to be claimed again', async () => (await recoveriesOf(runId)) === 1)
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

test('a run that has taken four workers down is abandoned as crashed, and a retry goes on where it stopped', async () => {
  const asked = request(stuck, { name: 'poison' })
  await rig.engine.start(asked)
  for (let claim = 1; claim <= 4; claim++) {
    await ledger.saw('poison working', claim)
    await giveToTheDead(asked.runId)
  }
  expect((await rig.ended(asked.runId)).status).toBe('crashed')
  expect(await recoveriesOf(asked.runId)).toBe(4)
  expect(ledger.count('poison first')).toBe(1)
  release('poison')
  expect(await rig.engine.retry(asked.runId)).toEqual({ kind: 'retrying', from: undefined })
  expect((await rig.ended(asked.runId)).status).toBe('completed')
  expect(ledger.count('poison first')).toBe(1)
})

test('deaths count while nothing comes of the run: one that gets on in between is not abandoned', async () => {
  const asked = request(slow, { name: 'slow' })
  await rig.engine.start(asked)
  for (const step of ['one', 'two', 'three']) {
    for (let claim = 1; claim <= 3; claim++) {
      await ledger.saw(`slow ${step} working`, claim)
      await giveToTheDead(asked.runId)
    }
    await ledger.saw(`slow ${step} working`, 4)
    release(`slow ${step}`)
  }
  expect((await rig.ended(asked.runId)).status).toBe('completed')
  expect(await recoveriesOf(asked.runId)).toBe(9)
})

test('a claim whose answer was lost on its way is not kept by a worker that lives', async () => {
  const asked = request(travel, { name: 'lost claim' })
  await rig.database.transaction(async (sql) => {
    await startRuns(sql, [asked])
    await sql.query(
      `update dbos.workflow_status set status = 'PENDING', owner_xid = 'lost',
         started_at_epoch_ms = extract(epoch from now() - interval '1 minute') * 1000,
         executor_id = (select id from prefect.workers where stopped_at is null and id like 'w_test%')
       where workflow_uuid = $1`,
      [asked.runId],
    )
  })
  await ledger.saw('lost claim booking')
  await rig.engine.cancel(asked.runId)
  expect((await rig.ended(asked.runId)).status).toBe('cancelled')
})

test('a run that only waits is not blamed for the deaths of its workers', async () => {
  const runId = await startWaiting('patient')
  for (let death = 1; death <= 6; death++) {
    await giveToTheDead(runId)
    await eventually(`the run to be taken for the ${death}. time`, async () => {
      const [row] = await rig.database.query<{ executor_id: string; status: string }>(
        'select executor_id, status from dbos.workflow_status where workflow_uuid = $1',
        [runId],
      )
      return row?.status === 'PENDING' && row.executor_id !== 'w_dead'
    })
  }
  await rig.engine.signal(runId, 'go', {})
  expect((await rig.ended(runId)).status).toBe('completed')
}, 90_000)

test('cancelled after its worker died in the middle of an act: the act is undone', async () => {
  const asked = request(travel, { name: 'room' })
  await rig.engine.start(asked)
  await ledger.saw('room booking')
  await rig.database.query('update prefect.flow_runs set cancel_requested_at = now() where id = $1', [
    asked.runId,
  ])
  await giveToTheDead(asked.runId)
  expect((await rig.ended(asked.runId)).status).toBe('cancelled')
  expect(ledger.count('room undone')).toBeGreaterThanOrEqual(1)
})

test('cancelled after its worker died while a child ran: the child is cancelled too', async () => {
  const asked = request(parent, { name: 'kid' })
  await rig.engine.start(asked)
  await ledger.saw('kid first')
  await rig.database.query('update prefect.flow_runs set cancel_requested_at = now() where id = $1', [
    asked.runId,
  ])
  await giveToTheDead(asked.runId)
  expect((await rig.ended(asked.runId)).status).toBe('cancelled')
  const [child] = await rig.database.query<{ id: string }>(
    'select id from prefect.flow_runs where parent_run_id = $1',
    [asked.runId],
  )
  expect((await rig.ended(child?.id ?? '')).status).toBe('cancelled')
})

test('a step that is committed twice stands once: the second answers the first, and its rows are gone', async () => {
  const runId = await startWaiting('twice')
  const [row] = await rig.database.query<{ owner: string }>(
    'select owner_xid as owner from dbos.workflow_status where workflow_uuid = $1',
    [runId],
  )
  await rig.database.query('create table public.twice (n int)')
  const commit = (n: number) =>
    commitStep(rig.database, { id: runId, owner: row?.owner ?? '' }, 99, undefined, async (sql) => {
      await sql.query('insert into public.twice values ($1)', [n])
      return { name: 'twice', kind: 'transaction', startedAt: n, endedAt: n, value: n }
    })
  expect((await commit(1)).value).toBe(1)
  expect((await commit(2)).value).toBe(1)
  expect(await rig.database.query('select n from public.twice')).toEqual([{ n: 1 }])
  await rig.engine.cancel(runId)
  await rig.ended(runId)
})

test('a transaction that its task leaves idle is a failed attempt, not an outage without end', async () => {
  const asked = request(idler, { name: 'idle' })
  await rig.engine.start(asked)
  expect(await rig.ended(asked.runId)).toMatchObject({
    status: 'failed',
    error: { code: 'transaction_idle' },
  })
  expect(ledger.count('idle begun')).toBe(1)
})
