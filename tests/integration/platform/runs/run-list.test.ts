import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { RunStatus, type RunSummary } from '../../../../src/platform/contract/run.ts'
import { BadCursor } from '../../../../src/platform/postgres/cursor.ts'
import type { RunFilter } from '../../../../src/platform/runs/run-branches.ts'
import { listRuns } from '../../../../src/platform/runs/run-list.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { pagesOf } from '../postgres/pages.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
  await addRuns(0, 240)
})
afterAll(() => test.drop())

const WORKFLOWS = ['clean', 'greet', 'report']
const SUBJECTS = ['room:101', 'room:102', 'room:11', 'guest:Lan', 'guest:LAN']
const STATES = ['SUCCESS', 'SUCCESS', 'SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED']
const MINUTE = 60_000
const START = Date.parse('2025-01-17T08:00:00Z')
const idOf = (n: number) => `fr_${((n * 7919) % 1000).toString(32).padStart(3, '0')}${n}`

/** Four at a time are created in the same microsecond; every fifth is open. */
async function addRuns(from: number, count: number): Promise<void> {
  const runs = Array.from({ length: count }, (_, i) => runOf(from + i))
  const rows = JSON.stringify(runs)
  await test.database.query(
    `with incoming as (select * from jsonb_populate_recordset(null::prefect.flow_runs, $1)), created as (
       insert into prefect.flow_runs (id, workflow_name, queue, subjects, event_id, created_at, scheduled_for, cancel_requested_at,
                                      flagged, announced)
       select id, workflow_name, 'default', subjects, event_id, created_at, scheduled_for, cancel_requested_at, flagged, announced
       from incoming)
     insert into prefect.subject_index (subject, kind, id, at)
     select subject, 'run', id, created_at from incoming, unnest(subjects) subject`,
    [rows],
  )
  await test.database.query(
    `insert into dbos.workflow_status (workflow_uuid, status, name, application_name, started_at_epoch_ms, delay_until_epoch_ms)
     select x.id, 'ENQUEUED', x.workflow_name, 'prefect-service', x.started, x.until
     from jsonb_to_recordset($1::jsonb) as x(id text, workflow_name text, started bigint, until bigint)`,
    [rows],
  )
  await test.database.query(
    `update dbos.workflow_status s set status = x.state from jsonb_to_recordset($1::jsonb) as x(id text, state text)
     where s.workflow_uuid = x.id and x.state <> 'ENQUEUED'`,
    [rows],
  )
}

function runOf(n: number) {
  const createdAt = START + Math.floor(n / 4) * MINUTE
  const open = n % 5 === 0
  const state = open ? (['ENQUEUED', 'PENDING', 'DELAYED'][n % 3] ?? '') : (STATES[n % STATES.length] ?? '')
  return {
    id: idOf(n),
    workflow_name: WORKFLOWS[n % 7 === 0 ? 2 : n % 2],
    subjects: [...new Set([SUBJECTS[n % 5], SUBJECTS[(n * 3) % 5]])],
    event_id: n % 3 === 0 ? `evt_${Math.floor(n / 6)}` : null,
    created_at: new Date(createdAt).toISOString().replace('Z', `${String(n % 2)}27Z`),
    scheduled_for: n % 10 === 0 ? new Date(createdAt).toISOString() : null,
    cancel_requested_at: n % 35 === 0 ? new Date(createdAt).toISOString() : null,
    flagged: state === 'ERROR' && n % 4 === 0 ? 'an undo failed' : null,
    announced: n % 45 === 0,
    state,
    started: state === 'DELAYED' || state === 'ENQUEUED' ? null : createdAt + (n % 9) * 1000,
    until: state === 'DELAYED' ? createdAt + 1e12 * (n % 2) : null,
  }
}

/** Everything, read and filtered the plain way. */
async function expected(filter: RunFilter): Promise<string[]> {
  const rows = await test.database.query<RunRow>(
    'select id, workflow_name, status, event_id, subjects, flagged, started_at from prefect.flow_run_states order by created_at desc, id',
  )
  const {
    workflowNames,
    statuses,
    eventIds,
    subject,
    flagged,
    search = '',
    startedAfter,
    startedBefore,
  } = filter
  const has = (list: readonly string[] | undefined, value: string | null) =>
    list?.includes(value ?? '') ?? true
  return rows
    .filter(
      (row) =>
        has(workflowNames, row.workflow_name) && has(statuses, row.status) && has(eventIds, row.event_id),
    )
    .filter((row) => subject === undefined || row.subjects.includes(subject))
    .filter((row) => flagged === undefined || flagged === (row.flagged !== null))
    .filter(
      (row) =>
        row.id.startsWith(search.toLowerCase()) || row.subjects.some((each) => each.startsWith(search)),
    )
    .filter((row) => !startedAfter || (row.started_at !== null && row.started_at >= startedAfter))
    .filter((row) => !startedBefore || (row.started_at !== null && row.started_at <= startedBefore))
    .map((row) => row.id)
}

interface RunRow {
  id: string
  workflow_name: string
  status: string
  event_id: string | null
  subjects: string[]
  flagged: string | null
  started_at: Date | null
}

const idsOf = (runs: readonly RunSummary[]) => runs.map((run) => run.flow_run_id)
const sometimes = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 })
const time = fc.integer({ min: -5, max: 70 }).map((minutes) => new Date(START + minutes * MINUTE))
const anyFilter: fc.Arbitrary<RunFilter> = fc.record({
  workflowNames: sometimes(fc.subarray([...WORKFLOWS, 'nothing'], { minLength: 1 })),
  statuses: sometimes(fc.subarray(RunStatus.options, { minLength: 1 })),
  eventIds: fc.option(fc.subarray(['evt_1', 'evt_2', 'evt_9', 'evt_none'], { minLength: 1 }), {
    nil: undefined,
    freq: 4,
  }),
  subject: sometimes(fc.constantFrom(...SUBJECTS, 'room:9')),
  startedAfter: sometimes(time),
  startedBefore: sometimes(time),
  flagged: sometimes(fc.boolean()),
  search: sometimes(fc.constantFrom('fr_0', 'FR_1', 'room:1', 'room:10', 'guest:L', 'GUEST', 'guest:Lan')),
})

it('any filters, read by any road and page by page, give what the rows themselves say', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyFilter,
      fc.integer({ min: 1, max: 60 }),
      // Whether a set of ids is few or many decides how it is read, never what is found.
      fc.constantFrom(0, 20, 5_000),
      async (filter, limit, narrow) => {
        const wanted = await expected(filter)
        const whole = await listRuns(test.database, filter, { limit: 200, offset: 0 }, { narrow })
        const rest = await listRuns(test.database, filter, { limit: 200, offset: 200 }, { narrow })
        expect([...idsOf(whole.runs), ...idsOf(rest.runs)]).toEqual(wanted)
        expect([whole.total, whole.total_is_estimate]).toEqual([wanted.length, false])
        const pages = await pagesOf((page) => listRuns(test.database, filter, page, { narrow }), limit)
        expect(pages.flatMap(({ runs }) => idsOf(runs))).toEqual(wanted)
      },
    ),
    { numRuns: 60 },
  )
}, 120_000)

it('all rows of one microsecond come, each once, however the pages fall', async () => {
  const wanted = await expected({})
  for (const limit of [1, 3, 7]) {
    const pages = await pagesOf((page) => listRuns(test.database, {}, page), limit)
    expect(pages.flatMap(({ runs }) => idsOf(runs))).toEqual(wanted)
  }
})

it('goes on where a page ended, whatever was added since', async () => {
  const before = await expected({ subject: 'room:101' })
  const first = await listRuns(test.database, { subject: 'room:101' }, { limit: 10, offset: 0 })
  await addRuns(1_000, 40)
  const cursor = first.next_cursor ?? ''
  const second = await listRuns(test.database, { subject: 'room:101' }, { limit: 10, offset: 0, cursor })
  expect([...idsOf(first.runs), ...idsOf(second.runs)]).toEqual(before.slice(0, 20))
  // By offset the second page shows the end of the first again.
  const shifted = await listRuns(test.database, { subject: 'room:101' }, { limit: 10, offset: 10 })
  expect(idsOf(shifted.runs)).not.toEqual(idsOf(second.runs))
})

it('refuses the cursor of another list, and one beside an offset', async () => {
  const { next_cursor } = await listRuns(test.database, { statuses: ['failed'] }, { limit: 1, offset: 0 })
  const page = { limit: 1, offset: 0, cursor: next_cursor ?? '' }
  expect((await listRuns(test.database, { statuses: ['failed'] }, page)).runs).toHaveLength(1)
  await expect(listRuns(test.database, { statuses: ['crashed'] }, page)).rejects.toThrow(BadCursor)
  const both = { ...page, offset: 1 }
  await expect(listRuns(test.database, { statuses: ['failed'] }, both)).rejects.toThrow(/send one of them/)
})

it('counts exactly up to a number, and estimates beyond it, never below', async () => {
  await test.database.query('analyze')
  const [all] = await test.database.query<{ runs: number }>(
    'select count(*)::int as runs from prefect.flow_runs',
  )
  const runs = all?.runs ?? 0
  const page = { limit: 1, offset: 0 }
  for (const filter of [{}, { subject: 'room:101' }, { search: 'room' }, { startedAfter: new Date(START) }]) {
    const exact = await listRuns(test.database, filter, page)
    const { total, total_is_estimate } = await listRuns(test.database, filter, page, {
      exactUpTo: 20,
      narrow: 10,
    })
    expect(total_is_estimate).toBe(true)
    expect(total).toBeGreaterThan(20)
    // Of a table that was just analyzed the planner knows the size well.
    expect(total).toBeLessThan(exact.total * 3)
  }
  const whole = await listRuns(test.database, {}, page, { exactUpTo: runs - 1 })
  expect(whole).toMatchObject({ total: runs, total_is_estimate: true })
  expect(await listRuns(test.database, {}, page, { exactUpTo: runs })).toMatchObject({
    total: runs,
    total_is_estimate: false,
  })
})

it('counts nothing that would cost too much: the page is the same, and its total an estimate', async () => {
  await test.database.query('analyze')
  const filter = { subject: 'room:101', workflowNames: ['update_room_status'] }
  const page = { limit: 3, offset: 2 }
  const exact = await listRuns(test.database, filter, page)
  const cheap = await listRuns(test.database, filter, page, { dearerThan: 0 })
  expect(exact.total_is_estimate).toBe(false)
  expect(cheap.total_is_estimate).toBe(true)
  expect(cheap.total).toBeGreaterThanOrEqual(page.offset + cheap.runs.length)
  expect(cheap.runs).toEqual(exact.runs)
  expect(cheap.next_cursor).toBe(exact.next_cursor)
})

it('a run that is retried, or fails after all, is found where it is now', async () => {
  const [id = ''] = await expected({ statuses: ['completed'] })
  const statesWith = async () => {
    const page = { limit: 1, offset: 0 }
    const lists = RunStatus.options.map(async (status) => {
      const { runs } = await listRuns(test.database, { statuses: [status], search: id }, page, { narrow: 0 })
      return idsOf(runs).includes(id) ? [status] : []
    })
    return (await Promise.all(lists)).flat()
  }
  const becomes = [
    ['ERROR', 'failed'],
    ['PENDING', 'running'],
    ['CANCELLED', 'cancelled'],
    ['MAX_RECOVERY_ATTEMPTS_EXCEEDED', 'crashed'],
    ['SUCCESS', 'completed'],
  ] as const
  for (const [state, status] of becomes) {
    await test.database.query('update dbos.workflow_status set status = $2 where workflow_uuid = $1', [
      id,
      state,
    ])
    expect(await statesWith()).toEqual([status])
  }
})
