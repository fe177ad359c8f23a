import type { Sql } from '../../postgres/sql.ts'
import { NOW_MS } from './identity.ts'
import { wakeParentOf } from './parking.ts'

/** Ends a run as cancelled, and tells the run that may wait for it; with `owner`, only while that execution still has it. */
export async function endCancelled(sql: Sql, runId: string, owner?: string): Promise<void> {
  await sql.query(
    `update dbos.workflow_status
     set status = 'CANCELLED', owner_xid = null, updated_at = ${NOW_MS}, completed_at = ${NOW_MS}
     where workflow_uuid = $1 and ($2::text is null or (owner_xid = $2 and status = 'PENDING'))`,
    [runId, owner ?? null],
  )
  await wakeParentOf(sql, runId)
}
