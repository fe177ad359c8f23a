/**
 * Group commit for outcomes. The engine ends each run in a transaction of its own, four round trips; runs that end
 * together can share one statement. It keeps the engine's own conditions: the row must still be PENDING and owned by
 * this execution, else the run is told that its outcome was not recorded. See the decision note 0004.
 */
import type { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor'
import { createGroupCommit } from '../../postgres/group-commit.ts'
import type { Sql } from '../../postgres/sql.ts'
import { NOW_MS } from './identity.ts'

const MOST_IN_A_BATCH = 200
const COMMITS_AT_ONCE = 2

const END_RUNS = `
  with ended as (
    select * from jsonb_to_recordset($1::jsonb) as x(id text, owner text, output text)
  ), mine as (
    update dbos.workflow_status s
    set status = 'SUCCESS', owner_xid = null, deduplication_id = null,
        updated_at = ${NOW_MS},
        completed_at = ${NOW_MS}
    from ended e
    where s.workflow_uuid = e.id and s.status = 'PENDING' and s.owner_xid = e.owner
    returning s.workflow_uuid as id
  )
  insert into dbos.workflow_output (workflow_uuid, output)
  select id, output from ended join mine using (id)
  on conflict (workflow_uuid) do update set output = excluded.output, error = null
  returning workflow_uuid as id`

interface Waiting {
  id: string
  owner: string
  output: string | null
  resolve: (recorded: boolean) => void
  /** The engine's own way, with its own patience: when the batch fails, each run goes alone. */
  alone: () => Promise<boolean>
  reject: (error: unknown) => void
}

/** Puts the batches in the place of the executor's own method. `ended` is told after the commit. */
export function batchOutcomes(executor: DBOSExecutor, sql: Sql, ended: (runId: string) => void): void {
  const database = executor.systemDatabase
  const recordAlone = database.recordWorkflowOutput.bind(database)
  async function settle(batch: Waiting[]): Promise<void> {
    try {
      const rows = batch.map(({ id, owner, output }) => ({ id, owner, output }))
      const recorded = await sql.query<{ id: string }>(END_RUNS, [JSON.stringify(rows)])
      const ids = new Set(recorded.map(({ id }) => id))
      for (const { id, resolve } of batch) resolve(ids.has(id))
    } catch {
      for (const { alone, resolve, reject } of batch) alone().then(resolve, reject)
    }
  }

  const add = createGroupCommit({ most: MOST_IN_A_BATCH, atOnce: COMMITS_AT_ONCE, settle })
  database.recordWorkflowOutput = async (id, status, owner) => {
    const alone = () => recordAlone(id, status, owner)
    const recorded =
      owner === undefined || owner === null
        ? await alone()
        : await new Promise<boolean>((resolve, reject) => {
            add({ id, owner, output: status.output ?? null, resolve, reject, alone })
          })
    ended(id)
    return recorded
  }
}
