/** What we use of the vendor beyond its published interface, held to what it does. An upgrade of the SDK begins here. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { queuesWithRuns } from '../../../../src/platform/engine/durable/due-runs.ts'
import { createOutcomes } from '../../../../src/platform/engine/durable/outcomes.ts'
import { startRuns } from '../../../../src/platform/engine/durable/start-runs.ts'
import {
  launchVendor,
  type RunClaimed,
  type Vendor,
} from '../../../../src/platform/engine/durable/vendor/launch.ts'
import { defineFlow, type QueueName } from '../../../../src/platform/engine/flow.ts'
import { newRunId } from '../../../../src/platform/engine/ids.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { eventually } from '../../../support/eventually.ts'

const queue = { workerConcurrency: 5 }
const flow = defineFlow({
  name: 'claimed',
  description: 'test',
  parameters: z.object({ n: z.number() }),
  subjects: () => [],
  estimatedMinutes: 1,
  run: async () => null,
})

let place: TestDatabase
let vendor: Vendor
const warnings: string[] = []
const logger = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) })
/** In the order in which their code began. */
const begun: { runId: string; owner: string; parameters: unknown }[] = []
let act: RunClaimed = async () => {}

beforeAll(async () => {
  place = await createTestDatabase({ max: 10 })
  vendor = await launchVendor({
    ...{ database: place.database, databaseUrl: place.url, workerId: 'w_contract', logger },
    queues: { events: queue, default: queue },
    runs: new Map([
      [
        flow.name,
        (claimed) => {
          begun.push(claimed)
          return act(claimed)
        },
      ],
    ]),
  })
})
beforeEach(() => {
  begun.length = 0
  act = async () => {}
})
afterAll(async () => {
  await vendor.shutdown()
  await place.drop()
})

async function start(
  count: number,
  more: { scheduledFor?: Date; priority?: number; queue?: QueueName } = {},
): Promise<string[]> {
  const { queue: into = 'default', ...about } = more
  const ids = Array.from({ length: count }, () => newRunId())
  await startRuns(
    place.database,
    ids.map((runId, n) => ({ runId, flow: { ...flow, queue: into }, parameters: { n }, ...about })),
  )
  return ids
}

interface Row {
  status: string
  owner_xid: string | null
  executor_id: string | null
  output: string | null
}
async function rowOf(id: string | undefined): Promise<Row | undefined> {
  const text = `select s.status, s.owner_xid, s.executor_id, o.output from dbos.workflow_status s
    left join dbos.workflow_output o using (workflow_uuid) where s.workflow_uuid = $1`
  return (await place.database.query<Row>(text, [id]))[0]
}

/** The vendor's loop has been round: what its tools put into its internal queue, as on a resume, has begun. */
async function roundOfItsLoop(): Promise<void> {
  const [id] = await start(1)
  await place.database.query(
    `update dbos.workflow_status set queue_name = '_dbos_internal_queue' where workflow_uuid = $1`,
    [id],
  )
  await eventually('its loop to have come round', () => begun.some(({ runId }) => runId === id))
}

test('the SDK is the version all this was read in', () => {
  const entry = createRequire(import.meta.url).resolve('@dbos-inc/dbos-sdk')
  const { version } = JSON.parse(readFileSync(join(dirname(entry), '../../package.json'), 'utf8'))
  expect(version).toBe('5.3.0')
})

test('claim: so many and no more, the most urgent first; their code has begun, and knows the token in the row', async () => {
  act = () => new Promise(() => {})
  const later = await start(2)
  const urgent = await start(2, { priority: 1 })
  expect(await vendor.claim('default', 3)).toBe(3)
  expect(begun.map(({ runId }) => runId).toSorted()).toEqual([...urgent, later[0]].toSorted())
  for (const { runId, owner } of begun) {
    expect(await rowOf(runId)).toMatchObject({
      status: 'PENDING',
      owner_xid: owner,
      executor_id: 'w_contract',
    })
  }
  expect(begun.find(({ runId }) => runId === urgent[1])?.parameters).toEqual({ n: 1 })
  expect(await vendor.claim('default', 3)).toBe(1)
  expect(await vendor.claim('default', 3)).toBe(0)
})

test('its own loop leaves our queues alone, and serves its internal one', async () => {
  const [id] = await start(1, { queue: 'events' })
  await roundOfItsLoop()
  await roundOfItsLoop()
  expect(begun.map(({ runId }) => runId)).not.toContain(id)
  expect((await rowOf(id))?.status).toBe('ENQUEUED')
  expect(await vendor.claim('events', 1)).toBe(1)
})

test('its own loop moves nothing out of its delay; ours moves what is due by the database’s clock', async () => {
  const [due] = await start(1, { scheduledFor: new Date(Date.now() + 60_000) })
  const [notYet] = await start(1, { scheduledFor: new Date(Date.now() + 3_600_000) })
  await place.database.query(
    `update dbos.workflow_status set delay_until_epoch_ms = extract(epoch from now()) * 1000 where workflow_uuid = $1`,
    [due],
  )
  await roundOfItsLoop()
  await roundOfItsLoop()
  expect((await rowOf(due))?.status).toBe('DELAYED')
  expect(await queuesWithRuns(place.database, ['default', 'events'])).toEqual(['default'])
  expect((await rowOf(due))?.status).toBe('ENQUEUED')
  expect((await rowOf(notYet))?.status).toBe('DELAYED')
  await vendor.claim('default', 5)
})

test('it records no outcome by itself; ours is recorded once, by the owner alone', async () => {
  const [id] = await start(1)
  await vendor.claim('default', 1)
  const owner = begun[0]?.owner ?? ''
  await roundOfItsLoop()
  expect(await rowOf(id)).toMatchObject({ status: 'PENDING', owner_xid: owner })
  const outcomes = createOutcomes(place.database)
  const record = (by: string) =>
    outcomes.record({ id: id ?? '', owner: by }, { status: 'SUCCESS', output: '"done"' })
  expect(await Promise.all([record('another'), record(owner)])).toEqual([false, true])
  expect(await record(owner)).toBe(false)
  expect(await rowOf(id)).toEqual({
    status: 'SUCCESS',
    owner_xid: null,
    executor_id: 'w_contract',
    output: '"done"',
  })
})

test('a function of ours that throws all the same is recorded by the vendor as failed', async () => {
  act = async () => {
    throw new Error('not foreseen')
  }
  const [id] = await start(1)
  await vendor.claim('default', 1)
  await eventually('the run to be failed', async () => (await rowOf(id))?.status === 'ERROR')
})

test('all this while it has warned of nothing', () => {
  expect(warnings).toEqual([])
})

test.each([
  ['workflow_status', 'workflow_uuid status owner_xid executor_id queue_name recovery_attempts completed_at'],
  ['workflow_status', 'updated_at started_at_epoch_ms delay_until_epoch_ms created_at deduplication_id'],
  ['workflow_status', 'application_name priority'],
  [
    'operation_outputs',
    'workflow_uuid function_id function_name output error child_workflow_id serialization',
  ],
  ['operation_outputs', 'started_at_epoch_ms completed_at_epoch_ms application_name'],
  ['workflow_output', 'workflow_uuid output error'],
  ['workflow_input', 'workflow_uuid inputs'],
])('its table %s has %s', async (table, columns) => {
  const rows = await place.database.query<{ name: string }>(
    `select column_name as name from information_schema.columns where table_schema = 'dbos' and table_name = $1`,
    [table],
  )
  expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(columns.split(' ')))
})
