import type { RunStatus } from '../../contract/run.ts'
import type { Sql } from '../../postgres/sql.ts'

export interface LockedRun {
  status: RunStatus
  begun: boolean
}

/** Locks the run's row: its worker records nothing while the caller's transaction decides. Undefined: no such run. */
export async function lockRun(sql: Sql, runId: string): Promise<LockedRun | undefined> {
  await sql.query('select 1 from dbos.workflow_status where workflow_uuid = $1 for no key update', [runId])
  const [row] = await sql.query<LockedRun>(
    `select v.status, v.engine_status = 'PENDING' or r.begun_at is not null as begun
     from prefect.flow_run_states v join prefect.flow_runs r on r.id = v.id where v.id = $1`,
    [runId],
  )
  return row
}
