/** What we use of the engine beyond its published interface. An upgrade of the SDK begins here. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor'
import { wfQueueRunner } from '@dbos-inc/dbos-sdk/internal/wfqueue'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'

let rig: DurableRig
beforeAll(async () => {
  rig = await openDurableRig([], {})
})
afterAll(() => rig.close())

test('the SDK is the version all this was read in', () => {
  const entry = createRequire(import.meta.url).resolve('@dbos-inc/dbos-sdk')
  const { version } = JSON.parse(readFileSync(join(dirname(entry), '../../package.json'), 'utf8'))
  expect(version).toBe('5.3.0')
})

test('its internals are where we call them', () => {
  const executor = DBOSExecutor.globalInstance
  expect(executor?.recoverPendingWorkflows).toBeTypeOf('function')
  expect(executor?.deactivateEventReceivers).toBeTypeOf('function')
  expect(executor?.systemDatabase.countRunningWorkflowsForQueue).toBeTypeOf('function')
  expect((wfQueueRunner as unknown as { pollQueue: unknown }).pollQueue).toBeTypeOf('function')
})

test.each([
  [
    'workflow_status',
    'workflow_uuid status owner_xid executor_id queue_name recovery_attempts completed_at updated_at',
  ],
  [
    'workflow_status',
    'started_at_epoch_ms delay_until_epoch_ms created_at deduplication_id application_name priority',
  ],
  [
    'operation_outputs',
    'workflow_uuid function_id function_name output error child_workflow_id serialization',
  ],
  ['operation_outputs', 'started_at_epoch_ms completed_at_epoch_ms application_name'],
  ['workflow_output', 'workflow_uuid output error'],
  ['workflow_input', 'workflow_uuid inputs'],
])('its table %s has %s', async (table, columns) => {
  const rows = await rig.database.query<{ name: string }>(
    `select column_name as name from information_schema.columns where table_schema = 'dbos' and table_name = $1`,
    [table],
  )
  expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(columns.split(' ')))
})
