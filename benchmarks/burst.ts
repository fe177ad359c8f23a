/** Events posted as fast as they are taken, until every run has completed: how a queue that has grown is worked off. */
import type { Database } from '../src/platform/postgres/pool.ts'
import { Completions, completionTimes } from './completions.ts'
import { attendanceEvent, Poster } from './load.ts'

export interface BurstOptions {
  events: number
  /** Requests at a time. */
  lanes: number
  /** The first event's number. */
  from: number
  /** Also watched as the closed loop is: what that costs is the difference. */
  watched: boolean
}

/** Runs per second from the first request to the last completion. The database does nothing else meanwhile. */
export async function measureBurst(
  url: string,
  database: Database,
  { events, lanes, from, watched }: BurstOptions,
): Promise<number> {
  const poster = new Poster(url)
  const completions = watched ? new Completions(database) : undefined
  const runIds: string[] = []
  let followed = 0
  const follow = async (runId: string) => {
    if (!completions || followed >= lanes) return
    followed += 1
    await completions.of(runId)
    followed -= 1
  }
  let next = from
  const lane = async () => {
    while (next < from + events) {
      const n = next++
      const { flow_run_id } = await poster.post('attendance', attendanceEvent(n), `bench-${n}`)
      runIds.push(flow_run_id)
      void follow(flow_run_id)
    }
  }
  const started = Date.now()
  try {
    await Promise.all(Array.from({ length: lanes }, lane))
    const times = await completionTimes(database, runIds, started)
    return events / ((Math.max(...times.values()) - started) / 1000)
  } finally {
    await completions?.close()
    poster.close()
  }
}
