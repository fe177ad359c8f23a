/**
 * How workers know of each other's death: a heartbeat row on the database's clock, and a sweep by everyone. A worker
 * that cannot beat fences itself before the others take its runs, and resumes when it can: decision note 0002.
 */
import { hostname } from 'node:os'
import type { Logger } from '../../observability/logger.ts'
import type { Sql } from '../../postgres/sql.ts'
import { APPLICATION } from '../../runs/application.ts'
import { pause } from '../pause.ts'
import type { HandedOver } from './hand-over.ts'
import type { Timings } from './timings.ts'

const LOOK_MS = 250
const LATE_LOOK_MS = 1_500

export interface HeartbeatHooks {
  running(): string[]
  /** Should a wake-up have been lost. */
  cancelRequested(runIds: string[]): void
  /** Our runs may be taken by others any moment: let go of all of them. */
  fence(): void
  /**
   * We beat again: what we let go of, and nobody took, is ours to queue again. `starved`: one of our runs may have kept us
   * from beating; else the database was away.
   */
  resume(starved: boolean): Promise<void>
  /** Queues what this worker claimed and never began. */
  giveBackUnbegun(): Promise<void>
  /** These workers are dead: queue what they ran. */
  recover(workerIds: string[]): Promise<HandedOver>
}

export interface WorkerIdentity {
  id: string
  roles: readonly string[]
  version: string
}

export class Heartbeat {
  readonly #sql: Sql
  readonly #who: WorkerIdentity
  readonly #hooks: HeartbeatHooks
  readonly #timings: Timings
  readonly #logger: Logger
  readonly #stop = new AbortController()
  #lastBeat = performance.now()
  #fenced = false
  #lastLook = performance.now()
  /** Whether the beats were missed for want of our own attention, not of the database's. */
  #starved = false
  #loops: Promise<unknown> = Promise.resolve()
  #watchdog: NodeJS.Timeout | undefined

  constructor(sql: Sql, who: WorkerIdentity, hooks: HeartbeatHooks, timings: Timings, logger: Logger) {
    this.#sql = sql
    this.#who = who
    this.#hooks = hooks
    this.#timings = timings
    this.#logger = logger
  }

  /** Registers the worker; rejects when the database does not answer. */
  async start(): Promise<void> {
    await this.#beat()
    this.#loops = Promise.all([
      this.#every(this.#timings.heartbeatMs, () => this.#beat()),
      this.#every(this.#timings.sweepMs, () => this.#sweep()),
    ])
    this.#watchdog = setInterval(() => this.#look(), LOOK_MS)
  }

  /** Our runs may be others' by now: nothing is claimed until we beat again. */
  get fenced(): boolean {
    return this.#fenced
  }

  /** The others need not wait for our silence. */
  async stop(): Promise<void> {
    this.#stop.abort()
    clearInterval(this.#watchdog)
    await this.#loops
    await this.#sql
      .query('update prefect.workers set stopped_at = clock_timestamp(), running = 0 where id = $1', [
        this.#who.id,
      ])
      .catch(() => {})
  }

  /** The first failure in a row is reported. */
  async #every(ms: number, act: () => Promise<void>): Promise<void> {
    let failing = false
    while (!this.#stop.signal.aborted) {
      await pause(ms, this.#stop.signal)
      if (this.#stop.signal.aborted) return
      try {
        await act()
        failing = false
      } catch (error) {
        this.#logger[failing ? 'debug' : 'warn']({ err: error }, 'heartbeat or sweep failed')
        failing = true
      }
    }
  }

  /** A look that comes late was kept from coming: by one of our own runs, or by a freeze of the process. */
  #look(): void {
    const now = performance.now()
    if (now - this.#lastLook > LATE_LOOK_MS) this.#starved = true
    this.#lastLook = now
    this.#watch()
  }

  #watch(): void {
    if (this.#fenced || performance.now() - this.#lastBeat < this.#timings.fenceAfterMs) return
    this.#fenced = true
    this.#logger.error(`no heartbeat for ${this.#timings.fenceAfterMs / 1_000} s: letting go of all runs`)
    this.#hooks.fence()
  }

  async #beat(): Promise<void> {
    const running = this.#hooks.running()
    // The age before this beat tells a frozen worker that it was thought dead, whatever its own clock says.
    const rows = await this.#sql.query<{ id: string | null }>(
      `with beat as (
         insert into prefect.workers (id, host, pid, roles, version, running) values ($1, $2, $3, $4, $5, $6)
         on conflict (id) do update set heartbeat_at = clock_timestamp(), running = excluded.running, stopped_at = null
       )
       select id from prefect.flow_runs where id = any($7) and cancel_requested_at is not null`,
      [this.#who.id, hostname(), process.pid, this.#who.roles, this.#who.version, running.length, running],
    )
    this.#watch()
    this.#lastBeat = performance.now()
    if (this.#fenced) {
      await this.#hooks.resume(this.#starved)
      this.#starved = false
      this.#fenced = false
      this.#logger.warn('heartbeat is back: taking work again')
    }
    if (rows.length > 0) this.#hooks.cancelRequested(rows.flatMap(({ id }) => id ?? []))
  }

  /** Runs whose worker has no live heartbeat, also where its row is gone. */
  async #sweep(): Promise<void> {
    if (this.#fenced) return
    await this.#hooks.giveBackUnbegun()
    const dead = await this.#sql.query<{ executor_id: string }>(
      `select distinct s.executor_id from dbos.workflow_status s
       where s.status = 'PENDING' and s.executor_id is not null and s.application_name = $2
         and not exists (select from prefect.workers w
                         where w.id = s.executor_id and w.stopped_at is null
                           and w.heartbeat_at > clock_timestamp() - make_interval(secs => $1))`,
      [this.#timings.deadAfterMs / 1_000, APPLICATION],
    )
    const ids = dead.map((row) => row.executor_id).filter((id) => id !== this.#who.id)
    if (ids.length === 0) return
    const { queued, abandoned } = await this.#hooks.recover(ids)
    this.#logger.warn({ workers: ids, runs: queued }, 'queued the runs of dead workers again')
    if (abandoned.length > 0)
      this.#logger.error({ runs: abandoned }, 'abandoned runs that took every worker down')
  }
}
