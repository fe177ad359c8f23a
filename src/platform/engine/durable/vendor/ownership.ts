/**
 * Called: `currentOwnerXid`, the ownership token that the claim of the current run wrote into its row.
 *
 * Why: our records are fenced by it. `assertStillOwnsWorkflow` of the public data source interface compares it, in a query
 * of its own, and does not tell it; and a run that the vendor's tools put into its internal queue is not claimed by us.
 */
import { currentOwnerXid } from '@dbos-inc/dbos-sdk/internal/context'

/** Within the function of the run. */
export function ownerOf(runId: string): string {
  return currentOwnerXid(runId) as string
}
