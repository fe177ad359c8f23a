import { type EngineActs, type InboxSource, settling } from './inbox-source.ts'
import {
  atRun,
  detailsOf,
  dismissRun,
  type RunFacts,
  retryRun,
  tookAlong,
  unsettledRuns,
} from './unsettled-runs.ts'

/**
 * `failed_run`: a run that failed or crashed. One that failed with its child, or with an error that another source has,
 * has its entry there and none here.
 */
export function failedRuns(engine: EngineActs, claimed: readonly string[]): InboxSource<RunFacts> {
  return {
    kind: 'failed_run',
    open(bind) {
      const codes = bind(claimed)
      return unsettledRuns([
        'r.flagged is null',
        `coalesce(r.failed_with <> all(${codes}::text[]), true)`,
        `not exists (select from prefect.flow_runs p where ${tookAlong('p', 'r')})`,
        `not (r.failed_with is not distinct from 'child_failed' and exists (
           select from prefect.flow_runs c where c.unsettled_since is not null and c.failed_with = any(${codes}::text[])
             and ${tookAlong('r', 'c')}))`,
      ])
    },
    at: atRun,
    describe: ({ facts }) => ({
      title:
        facts.status === 'crashed' ? `${facts.workflow} took its workers down` : `${facts.workflow} failed`,
      details: detailsOf(facts),
    }),
    actions: () => ({
      retry: settling({
        title: 'Run again from the failed task',
        settle: ({ sql, entry }) => retryRun(engine, sql, entry.flow_run_id ?? ''),
      }),
      dismiss: dismissRun,
    }),
  }
}
