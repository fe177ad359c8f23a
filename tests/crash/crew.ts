/** Two processes of the service with all roles on one database, and someone who keeps killing one of them. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../../src/platform/postgres/pool.ts'
import { type Planned, type ServiceProcess, startService } from '../support/service-process.ts'

export interface Crew {
  /** A process to talk to; the other one when that is being replaced. */
  url(): string
  readonly members: readonly ServiceProcess[]
  /** Replaces member `i` after `end` has ended it. */
  replace(i: number, end: (member: ServiceProcess) => Promise<unknown>): Promise<void>
  stop(): Promise<(number | null)[]>
}

/** `others`: the environment of the second, where it is another one. */
export async function startCrew(
  environment: Record<string, string>,
  planned: Planned,
  others: Record<string, string> = environment,
): Promise<Crew> {
  const start = (i: number) => startService(i === 0 ? environment : others, { planned })
  const members = await Promise.all([start(0), start(1)])
  let turn = 0
  return {
    members,
    url: () => (members[turn++ % members.length] as ServiceProcess).url,
    async replace(i, end) {
      await end(members[i] as ServiceProcess)
      members[i] = await start(i)
    },
    stop: () => Promise.all(members.map((member) => member.stop())),
  }
}

/** Numbers in [0, 1), the same for the same seed: a failure can be repeated. */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

/** Posts until the event is acknowledged, as a camera does: the same key each time, any process that answers. */
export async function postUntilAcknowledged(crew: Crew, event: object, key: string): Promise<string> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key }
  for (;;) {
    try {
      const answer = await fetch(`${crew.url()}/api/v1/prefect/events/attendance`, {
        method: 'POST',
        headers,
        body: JSON.stringify(event),
        signal: AbortSignal.timeout(5_000),
      })
      const body = (await answer.json()) as { event_id: string }
      if (answer.status === 202) return body.event_id
    } catch {
      // Refused, cut off, or late: not acknowledged, so it is sent again.
    }
    await delay(100)
  }
}

export interface Tally {
  events: number
  runs: number
  ended: number
  not_completed: number
  runs_per_event: number
  punches: number
  punches_per_run: number
}

/** What must come out even: one run per event, ended; one punch per run. */
export async function tally(database: Database): Promise<Tally> {
  const [row] = await database.query<Tally>(
    `select (select count(*)::int from prefect.events where status = 'accepted') as events,
            (select count(*)::int from prefect.flow_runs) as runs,
            (select count(*)::int from prefect.flow_run_states
             where status in ('completed', 'failed', 'cancelled', 'crashed')) as ended,
            (select count(*)::int from prefect.flow_run_states where status <> 'completed') as not_completed,
            (select coalesce(max(n), 0)::int from
               (select count(*) n from prefect.flow_runs group by event_id) per_event) as runs_per_event,
            (select count(*)::int from attendance_logs) as punches,
            (select coalesce(max(n), 0)::int from
               (select count(*) n from attendance_logs group by run_id) per_run) as punches_per_run`,
  )
  return row as Tally
}

/** Unknown people at different times: every event is a punch of its own, none of them late. */
export function punch(n: number) {
  const timestamp = new Date(Date.UTC(2026, 0, 5) + n * 60_000).toISOString()
  return { employee_id: `P${n}`, timestamp, action: 'check_in', camera_id: 'cam_1', confidence: 0.97 }
}
