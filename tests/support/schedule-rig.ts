/** A scheduler over a database of its own, driven by hand or by its own loop. */
import { pino } from 'pino'
import type { Firing } from '../../src/platform/contract/firing.ts'
import { ScheduleRequest } from '../../src/platform/contract/schedule.ts'
import { startRuns } from '../../src/platform/engine/durable/start-runs.ts'
import type { AnyFlow } from '../../src/platform/engine/flow.ts'
import { listFirings } from '../../src/platform/schedules/firing-list.ts'
import type { SchedulePorts, Schedules } from '../../src/platform/schedules/schedule-service.ts'
import {
  type Scheduler,
  type SchedulerPorts,
  startScheduler,
} from '../../src/platform/schedules/scheduler.ts'
import { createSchedules } from '../../src/platform/schedules/schedules.ts'
import type { DurableRig } from './durable-rig.ts'

export interface ScheduleRig {
  schedules: Schedules
  /** As the service's; a test may have several. */
  startScheduler(changes?: Partial<SchedulerPorts>): Scheduler
  ports: SchedulePorts
  /** Declares a schedule; returns its id. */
  declare(request: object): Promise<string>
  /** As though nothing had been decided for so many seconds. */
  away(id: string, seconds: number): Promise<void>
  /** Oldest first: `started caught_up`. */
  outcomes(id: string): Promise<string[]>
  firings(id: string): Promise<Firing[]>
}

export function openScheduleRig(
  { database, worker, engine }: DurableRig,
  flows: readonly AnyFlow[],
): ScheduleRig {
  const schedulers: Scheduler[] = []
  const ports: SchedulePorts = {
    database,
    flows: new Map(flows.map((flow) => [flow.name, flow])),
    startRuns,
    timezone: 'Asia/Ho_Chi_Minh',
    language: 'en',
    cancel: (runId) => engine.cancel(runId),
    businessDate: (at) => new Date(at.getTime() + 7 * 3_600_000).toISOString().slice(0, 10),
    changed: () => {
      for (const scheduler of schedulers) scheduler.look()
    },
    wake: () => worker.pollNow('*'),
  }
  const schedules = createSchedules(ports)
  const firings = async (id: string) => {
    const page = { limit: 200, offset: 0 }
    return (await listFirings(database, id, {}, page)).firings.reverse()
  }
  return {
    schedules,
    ports,
    startScheduler(changes = {}) {
      const scheduler = startScheduler({
        ...ports,
        fired: () => {},
        logger: pino({ level: 'silent' }),
        ...changes,
      })
      schedulers.push(scheduler)
      return scheduler
    },
    async declare(request) {
      const asked = ScheduleRequest.parse({ ...request })
      const { kind, schedule } = await schedules.create(asked, { by: 'tests', origin: 'hand' })
      if (kind !== 'created') throw new Error(`The schedule is ${kind}.`)
      return schedule.schedule_id
    },
    async away(id, seconds) {
      await database.query(
        `update prefect.schedules set decided_until = clock_timestamp() - make_interval(secs => $2),
           next_nominal_at = clock_timestamp() - make_interval(secs => $2),
           next_due_at = case when active then clock_timestamp() - make_interval(secs => $2) end where id = $1`,
        [id, seconds],
      )
    },
    firings,
    outcomes: async (id) =>
      (await firings(id)).map(({ outcome, reason }) => (reason === null ? outcome : `${outcome} ${reason}`)),
  }
}
