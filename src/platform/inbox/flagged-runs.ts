import { type InboxSource, settling } from './inbox-source.ts'
import { atRun, detailsOf, dismissRun, type RunFacts, settleRun, unsettledRuns } from './unsettled-runs.ts'

/** `flagged_run`: an undo failed, and only a person can say what is still in force. */
export const flaggedRuns: InboxSource<RunFacts> = {
  kind: 'flagged_run',
  open: () => unsettledRuns(['r.flagged is not null']),
  at: atRun,
  describe: ({ facts }) => ({
    title: `${facts.workflow} could not be undone`,
    details: detailsOf(facts),
  }),
  actions: () => ({
    mark_mended: settling({
      title: 'It has been put right by hand: clear the flag',
      async settle({ sql, entry }) {
        await settleRun(sql, entry.flow_run_id ?? '')
        await sql.query('update prefect.flow_runs set flagged = null where id = $1', [entry.flow_run_id])
        return undefined
      },
    }),
    dismiss: dismissRun,
  }),
}
