/**
 * Outcomes of runs, recorded in group commits: runs that end together share one statement. The row must still be PENDING
 * and owned by this execution, else another one decides. See the decision note 0004.
 */
import { createGroupCommit } from '../../postgres/group-commit.ts'
import { isOutage } from '../../postgres/outage.ts'
import type { Sql } from '../../postgres/sql.ts'
import { NOW_MS } from './identity.ts'

const MOST_IN_A_BATCH = 200
/** One: what ends meanwhile goes with the next, which a burst makes larger and a quiet hour does not notice. */
const COMMITS_AT_ONCE = 1

const END_RUNS = `
  with ended as (
    select * from jsonb_to_recordset($1::jsonb) as x(id text, owner text, status text, output text, error text)
  ), mine as (
    update dbos.workflow_status s
    set status = e.status, owner_xid = null, deduplication_id = null,
        updated_at = ${NOW_MS},
        completed_at = ${NOW_MS}
    from ended e
    where s.workflow_uuid = e.id and s.status = 'PENDING' and s.owner_xid = e.owner
    returning s.workflow_uuid as id, e.owner, e.output, e.error
  ), kept as (
    insert into dbos.workflow_output (workflow_uuid, output, error)
    select id, output, error from mine where coalesce(output, error) is not null
    on conflict (workflow_uuid) do update set output = excluded.output, error = excluded.error
  )
  select id || ' ' || owner as run from mine`

/** `output` and `error` are JSON texts, as the engine's tools read them. */
export type Outcome =
  | { status: 'SUCCESS'; output: string }
  | { status: 'ERROR'; error: string }
  | { status: 'CANCELLED' }

type Ending = Outcome & { id: string; owner: string }

/** Two executions of one run, one of which has lost it, may meet in a batch. */
const keyOf = ({ id, owner }: Ending) => `${id} ${owner}`

interface Waiting {
  ending: Ending
  resolve: (recorded: boolean) => void
  reject: (error: unknown) => void
}

export interface Outcomes {
  /** False: the run is not this execution's any more. Rejects with the database's error; may be repeated then. */
  record(run: { id: string; owner: string }, outcome: Outcome): Promise<boolean>
}

export function createOutcomes(sql: Sql): Outcomes {
  async function settle(batch: Waiting[]): Promise<void> {
    try {
      const endings = JSON.stringify(batch.map(({ ending }) => ending))
      const rows = await sql.query<{ run: string }>(END_RUNS, [endings])
      const recorded = new Set(rows.map(({ run }) => run))
      for (const { ending, resolve } of batch) resolve(recorded.has(keyOf(ending)))
    } catch (error) {
      // What the database refuses of one run is not the failure of the others.
      if (batch.length > 1 && !isOutage(error)) await Promise.all(batch.map((one) => settle([one])))
      else for (const { reject } of batch) reject(error)
    }
  }

  const add = createGroupCommit({ most: MOST_IN_A_BATCH, atOnce: COMMITS_AT_ONCE, settle })
  return {
    record: ({ id, owner }, outcome) =>
      new Promise((resolve, reject) => add({ ending: { id, owner, ...outcome }, resolve, reject })),
  }
}
