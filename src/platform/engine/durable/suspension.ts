/**
 * Runs that only wait are suspended: nobody executes them, their row says when to go on, and what they wait for resumes
 * them earlier. So no number of waits fills a worker, and a restart costs them nothing. See the decision note 0008.
 *
 *   PENDING, waits ── suspend ──> DELAYED until its deadline ── deadline, signal, cancel, end of a child ──> ENQUEUED
 */

import type { Logger } from '../../observability/logger.ts'
import type { Sql } from '../../postgres/sql.ts'
import { pause } from '../pause.ts'
import type { Executing, Executions } from './executions.ts'
import { COUNT_RESET, NOW_MS } from './identity.ts'
import { stepIsOpen } from './open-steps.ts'
import type { Timings } from './timings.ts'

const AT_ONCE = 8

/**
 * The fence of every record: whoever suspends must still own the run. A deadline that has passed meanwhile keeps it here.
 * The end of a child that nobody was notified of is found in time.
 */
const SUSPEND = `
  with deadline as (
    select least(
      (select min(w.until) from prefect.run_waits w where w.run_id = $1 and w.closed_at is null and ${stepIsOpen('w', 'w.step')}),
      (select min(l.next_attempt_at) from
        (select distinct on (a.step) a.next_attempt_at from prefect.task_attempts a
         where a.run_id = $1 and ${stepIsOpen('a', 'a.step')} order by a.step, a.attempt desc) l),
      clock_timestamp() + make_interval(secs => $3)) as until
  )
  update dbos.workflow_status s
  set status = 'DELAYED', delay_until_epoch_ms = (extract(epoch from d.until) * 1000)::bigint, owner_xid = null,
      ${COUNT_RESET}, updated_at = ${NOW_MS}
  from deadline d
  where s.workflow_uuid = $1 and s.owner_xid = $2 and s.status = 'PENDING'
    and d.until > clock_timestamp() + make_interval(secs => $4)
  returning 1 as suspended`

/** What has not begun waits for its time, or for its parent: it is not suspended. */
const RESUME = `
  update dbos.workflow_status s set status = 'ENQUEUED', delay_until_epoch_ms = null, updated_at = ${NOW_MS}
  where s.status = 'DELAYED'
    and exists (select from prefect.flow_runs f where f.id = s.workflow_uuid and f.begun_at is not null) and `

/** Looked at after the suspension is committed: what came in between did not see that there was somebody to resume. */
const RESUME_IF_DUE = `${RESUME} s.workflow_uuid = any($1) and (
    s.workflow_uuid = any($2)
    or exists (select from prefect.flow_runs r where r.id = s.workflow_uuid and r.cancel_requested_at is not null)
    or exists (select from prefect.run_signals g join prefect.run_waits w on w.run_id = g.run_id and w.signal = g.signal
               where g.run_id = s.workflow_uuid and w.closed_at is null and ${stepIsOpen('w', 'w.step')}
                 and (g.taken_by is null or g.taken_by = w.step))
    or exists (select from prefect.flow_runs c join dbos.workflow_status e on e.workflow_uuid = c.id
               where c.parent_run_id = s.workflow_uuid
                 and e.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
                 and not exists (select from dbos.operation_outputs o
                                 where o.workflow_uuid = s.workflow_uuid and o.child_workflow_id = c.id)))
  returning s.queue_name as queue`

/** Resumes the run if it is suspended; returns its queue. Within the transaction that gave it something to do. */
export async function resumeRun(sql: Sql, runId: string): Promise<string | undefined> {
  const rows = await sql.query<{ queue: string }>(
    `${RESUME} s.workflow_uuid = $1 returning s.queue_name as queue`,
    [runId],
  )
  return rows[0]?.queue
}

/** After the end of a child is committed; returns the queue of a parent that was suspended. */
export async function resumeParentOf(sql: Sql, childId: string): Promise<string | undefined> {
  const rows = await sql.query<{ queue: string }>(
    `${RESUME} s.workflow_uuid = (select parent_run_id from prefect.flow_runs where id = $1) returning s.queue_name as queue`,
    [childId],
  )
  return rows[0]?.queue
}

export class Suspensions {
  readonly #sql: Sql
  readonly #executions: Executions
  readonly #pollNow: (queue: string) => void
  readonly #timings: Timings
  readonly #logger: Logger
  readonly #stop = new AbortController()
  readonly #loop: Promise<void>

  constructor(
    sql: Sql,
    executions: Executions,
    pollNow: (queue: string) => void,
    timings: Timings,
    logger: Logger,
  ) {
    this.#sql = sql
    this.#executions = executions
    this.#pollNow = pollNow
    this.#timings = timings
    this.#logger = logger
    this.#loop = this.#watch()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#loop
  }

  async #watch(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await pause(this.#timings.suspendAfterMs / 4, this.#stop.signal)
      const idle = this.#executions.idle(performance.now() - this.#timings.suspendAfterMs)
      await this.#suspendAll(idle).catch((error: unknown) =>
        this.#logger.warn({ err: error }, 'could not suspend runs that wait'),
      )
    }
  }

  async #suspendAll(idle: Executing[]): Promise<void> {
    for (let i = 0; i < idle.length && !this.#stop.signal.aborted; i += AT_ONCE) {
      const tried = await Promise.all(idle.slice(i, i + AT_ONCE).map((run) => this.#suspend(run)))
      const suspended = tried.filter((run) => run !== undefined)
      if (suspended.length === 0) continue
      const ids = suspended.map(({ runId }) => runId)
      const wentOn = suspended.filter((run) => run.wentOn).map(({ runId }) => runId)
      const resumed = await this.#sql.query<{ queue: string }>(RESUME_IF_DUE, [ids, wentOn])
      for (const queue of new Set(resumed.map((row) => row.queue))) this.#pollNow(queue)
    }
  }

  async #suspend({ runId, owner, control }: Executing) {
    const since = control.idleSince
    if (since === undefined) return undefined
    const rows = await this.#sql.query(SUSPEND, [
      runId,
      owner,
      this.#timings.childRecheckMs / 1_000,
      this.#timings.suspendAfterMs / 2_000,
    ])
    if (rows.length === 0) return undefined
    // What it waited for may have been recorded just before: then there is nothing left that would resume it.
    const wentOn = control.idleSince !== since
    control.lose()
    return { runId, wentOn }
  }
}
