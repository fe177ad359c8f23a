/** The list of runs: one page of those that a filter lets through. */
import type { RunSummary } from '../contract/run.ts'
import { aboutSubject, IN_SEQUENCE, idSet, searchSet } from '../postgres/id-sets.ts'
import { type ListLimits, type Page, type PageOf, readPage } from '../postgres/page.ts'
import type { Sql } from '../postgres/sql.ts'
import { type RunFilter, type RunSets, runBranches, startedWithin } from './run-branches.ts'
import { SUMMARY_COLUMNS, type SummaryRow, summaryOf } from './runs.ts'

export interface RunPage extends Omit<PageOf<never>, 'rows'> {
  runs: RunSummary[]
}

/** One page of runs, newest first, and how many there are in all. Throws BadCursor. */
export async function listRuns(
  sql: Sql,
  filter: RunFilter,
  page: Page,
  limits: ListLimits = {},
): Promise<RunPage> {
  const sets = await runSets(sql, filter, limits.narrow)
  const { rows, ...rest } = await readPage<SummaryRow>(
    sql,
    {
      columns: SUMMARY_COLUMNS,
      from: 'prefect.flow_run_states v',
      id: 'v.id',
      branches: (bind, purpose) => runBranches(filter, sets, bind, purpose),
      filters: filter,
    },
    page,
    limits,
  )
  return { runs: rows.map(summaryOf), ...rest }
}

const RUNS = { name: 'prefect.flow_runs', at: 't.created_at' }

async function runSets(sql: Sql, filter: RunFilter, narrow: number | undefined): Promise<RunSets> {
  const { subject, search, startedAfter, startedBefore } = filter
  const sets: RunSets = {}
  if (search !== undefined) sets.search = await searchSet(sql, 'run', RUNS, search, narrow)
  if (subject !== undefined)
    sets.subject = await idSet(sql, aboutSubject('run', subject), narrow ?? IN_SEQUENCE)
  if (startedAfter !== undefined || startedBefore !== undefined) {
    sets.started = await idSet(
      sql,
      (bind) =>
        `select s.workflow_uuid as id, null as at from dbos.workflow_status s where ${startedWithin(filter, bind)}`,
      narrow ?? IN_SEQUENCE,
    )
  }
  return sets
}
