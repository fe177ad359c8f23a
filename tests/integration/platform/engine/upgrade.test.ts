/** A new build takes over runs that the old one began. */
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { ensureEngineSchema } from '../../../../src/platform/engine/durable/schema.ts'
import { startRuns } from '../../../../src/platform/engine/durable/start-runs.ts'
import type { Engine } from '../../../../src/platform/engine/engine.ts'
import { defineFlow, defineTask, type FlowDefinition } from '../../../../src/platform/engine/flow.ts'
import { migrate } from '../../../../src/platform/postgres/migrate.ts'
import type { Database } from '../../../../src/platform/postgres/pool.ts'
import { runDetail } from '../../../../src/platform/runs/run-detail.ts'
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

const refused: TestFlow = defineFlow({
  ...common,
  name: 'refused',
  run: () => Promise.reject(new Error('refused')),
})
const thanks = (awaited: boolean): TestFlow =>
  defineFlow({
    ...common,
    name: 'thanks',
    async run(flow, _parameters) {
      const sent = awaited ? flow.child(refused, {}).catch(() => 'not sent') : flow.start(refused, {})
      await flow.waitFor('go', { within: 3_600 })
      return sent
    },
  })

let place: TestDatabase
let rig: DurableRig
beforeAll(async () => {
  place = await createTestDatabase({ max: 20 })
})
afterAll(() => place?.drop())

test('runs in flight go on under the new build; a changed order is told, not guessed at', async () => {
  rig = await openDurableRig([grows(false), swaps('clean', 'inspect')], { ledger }, undefined, place)
  const growing = request(grows(false))
  const swapping = request(swaps('clean', 'inspect'))
  for (const asked of [growing, swapping]) {
    await rig.engine.start(asked)
    await eventually('the run to wait', async () => (await rig.status(asked.runId)) === 'waiting')
  }
  await rig.close()

  rig = await openDurableRig([grows(true), swaps('inspect', 'clean')], { ledger }, undefined, place)
  for (const { runId } of [growing, swapping]) await rig.engine.signal(runId, 'go', {})
  expect(await rig.ended(growing.runId)).toMatchObject({ status: 'completed', result: 'thank' })
  expect(ledger.count('book')).toBe(1)
  expect(await rig.ended(swapping.runId)).toMatchObject({ status: 'failed', error: { code: 'flow_changed' } })
  expect(ledger.count('inspect')).toBe(0)
  await rig.close()
})

test('a child that the old build awaited, and that failed, is one that was started', async () => {
  rig = await openDurableRig([thanks(true), refused], { ledger }, undefined, place)
  const asked = request(thanks(true))
  await rig.engine.start(asked)
  await eventually('the failure of the child to be recorded', async () => {
    const rows = await place.database.query(
      'select from dbos.operation_outputs where workflow_uuid = $1 and error is not null',
      [asked.runId],
    )
    return rows.length === 1
  })
  await rig.close()

  rig = await openDurableRig([thanks(false), refused], { ledger }, undefined, place)
  await rig.engine.signal(asked.runId, 'go', {})
  const [child] = await place.database.query<{ id: string }>(
    'select id from prefect.flow_runs where parent_run_id = $1',
    [asked.runId],
  )
  expect(await rig.ended(asked.runId)).toMatchObject({ status: 'completed', result: child?.id })
  await rig.close()
})

const MIGRATIONS = join(import.meta.dirname, '../../../../migrations')

/** As the build before 0008 left it: what has begun, and how often, is in the engine's count of claims alone. */
async function formerDatabase(): Promise<TestDatabase> {
  const empty = await createTestDatabase({ empty: true, max: 20 })
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'))
  for (const file of readdirSync(MIGRATIONS).filter((name) => /^000[1-7]_/.test(name))) {
    cpSync(join(MIGRATIONS, file), join(folder, file))
  }
  await migrate(empty.database, { directory: folder, before: ensureEngineSchema })
  // What `startRuns` has named since: it stands in for the build that did not.
  await empty.database.query('alter table prefect.flow_runs add column origin_run_id text')
  rmSync(folder, { recursive: true })
  return empty
}

async function inState(database: Database, status: string, claims: number, executor = 'w_former') {
  const asked = request(grows(true))
  await startRuns(database, [asked])
  await database.query(
    `update dbos.workflow_status set status = $2, recovery_attempts = $3::int, executor_id = $4,
       owner_xid = case when $2 = 'PENDING' then 'former' end,
       delay_until_epoch_ms = case when $2 = 'DELAYED' then extract(epoch from now() + interval '1 hour') * 1000 end,
       started_at_epoch_ms = case when $3::int > 0 then extract(epoch from now()) * 1000 end
     where workflow_uuid = $1`,
    [asked.runId, status, claims, executor],
  )
  return asked.runId
}

/** What a worker of the former build does when it leaves. */
const leaveAsBefore = (database: Database, id: string) =>
  database.query(
    `update dbos.workflow_status set status = 'ENQUEUED', owner_xid = null, started_at_epoch_ms = null,
       recovery_attempts = greatest(recovery_attempts - 1, 1) where workflow_uuid = $1`,
    [id],
  )

test('a database of the build before is brought forward, also under its workers', async () => {
  const former = await formerDatabase()
  const { database } = former
  const untouched = await inState(database, 'ENQUEUED', 0)
  const suspended = await inState(database, 'DELAYED', 1)
  const recovered = await inState(database, 'ENQUEUED', 2)
  const abandoned = await inState(database, 'MAX_RECOVERY_ATTEMPTS_EXCEEDED', 5)
  const held = await inState(database, 'PENDING', 1)
  await migrate(database, { before: ensureEngineSchema })

  const before = async (engine: Engine) => {
    expect((await engine.cancel(untouched)).kind).toBe('cancelled')
    // These have begun, so that they are to be undone: also the one that a former worker hands back only now.
    await leaveAsBefore(database, held)
    for (const id of [suspended, held]) expect((await engine.cancel(id)).kind).toBe('cancelling')
  }
  rig = await openDurableRig([grows(true)], { ledger }, before, former)
  for (const id of [suspended, held]) expect((await rig.ended(id)).status).toBe('cancelled')
  await rig.engine.signal(recovered, 'go', {})
  expect((await rig.ended(recovered)).status).toBe('completed')
  expect((await runDetail(database, recovered))?.recoveries).toBe(1)
  expect(await runDetail(database, abandoned)).toMatchObject({
    status: 'crashed',
    recoveries: 4,
    error: { code: 'crashed' },
  })
  await rig.close()
  await former.drop()
})
