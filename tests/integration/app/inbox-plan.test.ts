/** The inbox looks at what is open, however much has ended beside it. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openInbox } from '../../../src/app/inbox.ts'
import { readConfig } from '../../../src/config.ts'
import type { InboxFilter } from '../../../src/platform/inbox/open-entries.ts'
import { createMetrics } from '../../../src/platform/observability/metrics.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'

const ENDED = 60_000

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
  const { database } = test
  await database.query(
    `insert into prefect.flow_runs (id, workflow_name, queue, subjects, unsuccessful, unsettled_since, failed_with, flagged)
     select 'fr_' || n, 'greet', 'default', array['room:' || n % 100],
            case when n % 4 = 0 then 'failed' end,
            case when n <= 40 then now() - n * interval '1 minute' end,
            case when n % 4 = 0 then case n % 8 when 0 then 'unknown_room' else 'outside_down' end end,
            case when n % 400 = 0 then 'an undo failed' end
     from generate_series(1, $1::int) n`,
    [ENDED],
  )
  await database.query(
    `insert into dbos.workflow_status (workflow_uuid, status, name, application_name)
     select 'fr_' || n, case when n <= 40 then 'ERROR' else 'SUCCESS' end, 'greet', 'prefect-service'
     from generate_series(1, $1::int) n`,
    [ENDED],
  )
  await database.query(
    `insert into prefect.run_waits (run_id, step, signal, until, closed_at)
     select 'fr_' || n, 1, 'acknowledge', now(), case when n > 10 then now() end from generate_series(1, $1::int) n`,
    [ENDED],
  )
  await database.query(
    `insert into prefect.events (id, kind, source, status)
     select 'evt_' || n, 'attendance', 'http', case when n <= 10 then 'rejected' else 'accepted' end
     from generate_series(1, $1::int) n`,
    [ENDED],
  )
  await database.query(
    `insert into prefect.attendance_reviews (run_id, employee_id, timestamp, action, confidence, reason, reviewed_at)
     select 'fr_' || n, 'EMP', now(), 'check_in', 0.5, 'low', case when n > 10 then now() end
     from generate_series(1, $1::int) n`,
    [ENDED],
  )
  await database.query(
    `insert into prefect.refund_requests (id, booking_id, amount, reason, status)
     select 'refund_' || n, 'B', 1, 'x', case when n > 10 then 'paid' else 'requested' end
     from generate_series(1, $1::int) n`,
    [ENDED],
  )
  await database.query(
    `insert into dbos.workflow_output (workflow_uuid, output)
     select 'fr_' || n, 'null' from generate_series(1, $1::int) n`,
    [ENDED],
  )
  await database.query(
    `insert into dbos.operation_outputs (workflow_uuid, function_id, function_name, application_name)
     select 'fr_' || n, 0, 'act', 'prefect-service' from generate_series(1, $1::int) n`,
    [ENDED],
  )
  await database.query(
    `insert into prefect.run_signals (run_id, signal, taken_by)
     select 'fr_' || n, 'acknowledge', 1 from generate_series(11, $1::int) n`,
    [ENDED],
  )
  await database.query('analyze')
})
afterAll(() => test.drop())

interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Shared Hit Blocks': number
  'Shared Read Blocks': number
  Plans?: PlanNode[]
}

/** What the list asks, as the database runs it. */
async function plansOf(filter: InboxFilter): Promise<PlanNode[]> {
  const plans: PlanNode[] = []
  const explaining = {
    ...test.database,
    async query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]> {
      const explain = `explain (analyze, buffers, format json) ${text}`
      const [row] = await test.database.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(explain, values)
      if (row) plans.push(row['QUERY PLAN'][0].Plan)
      return []
    },
  }
  const parts = { database: explaining, flows: new Map(), metrics: createMetrics(), wake() {} }
  const inbox = openInbox({ ...readConfig({}) }, parts)
  await inbox.list(filter, { limit: 50, offset: 0 })
  return plans
}

const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]

it.each<[string, InboxFilter]>([
  ['all of it', {}],
  ['a kind', { kinds: ['failed_run'] }],
  ['a subject', { subject: 'room:7' }],
  ['whom it is for', { who: ['accounts', 'supervisor'] }],
  ['what is overdue', { overdue: true }],
])('%s: along the indexes of what is open', async (_name, filter) => {
  const plans = await plansOf(filter)
  expect(plans).toHaveLength(2)
  const scanned = plans
    .flatMap(nodesOf)
    .filter((node) => node['Node Type'] === 'Seq Scan')
    .map((node) => node['Relation Name'])
  // A table of ten rows is read as a whole; those that keep what has ended never are.
  expect(scanned.filter((name) => name !== 'unsettled_events')).toEqual([])
  for (const plan of plans) {
    expect(plan['Shared Hit Blocks'] + plan['Shared Read Blocks']).toBeLessThan(3_000)
  }
})

it('the indexes are those of 0014 and of the reviews', async () => {
  const used = new Set((await plansOf({})).flatMap(nodesOf).map((node) => node['Index Name']))
  for (const index of [
    'run_waits_open',
    'flow_runs_unsettled_flagged',
    'attendance_reviews_open',
    'refund_requests_open',
  ])
    expect([...used]).toContain(index)
  expect(
    [...used].filter((index) => /^flow_runs_unsettled(_code)?$/.test(index ?? '')).length,
  ).toBeGreaterThan(0)
})
