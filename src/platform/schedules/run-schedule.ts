/** Running a schedule beside its times: a person asks for it now. */
import { randomBytes } from 'node:crypto'
import { idFrom } from '../engine/ids.ts'
import type { Sql } from '../postgres/sql.ts'
import { localText } from '../time/local-text.ts'
import { changeSchedule } from './change-schedule.ts'
import { writeFirings } from './firing-writes.ts'
import { timezoneOf } from './schedule-row.ts'
import type { SchedulePorts, Schedules } from './schedule-service.ts'

/** Whatever still runs. */
export function runScheduleNow(
  ports: SchedulePorts,
  id: string,
  { by, key }: { by: string | null; key: string | undefined },
): ReturnType<Schedules['runNow']> {
  return changeSchedule(ports, id, async (sql, schedule) => {
    const series = idFrom('now', schedule.slug, key ?? randomBytes(16).toString('hex'))
    const { now } = schedule
    const nominal = localText(now, timezoneOf(schedule.definition)).slice(0, 19)
    const detail = by === null ? null : `Asked for by ${by}.`
    const firing = { series, nominal, at: now, due: now, previous: undefined, detail }
    const known = await firstOfSeries(sql, series)
    if (known) return { kind: 'started' as const, runId: known, created: false }
    const written = await writeFirings(sql, ports, [
      { schedule, firing: { ...firing, kind: 'manual', outcome: 'started', reason: null } },
    ])
    const [{ firing: made } = { firing: undefined }] = written
    if (made?.runId !== undefined) return { kind: 'started' as const, runId: made.runId, created: true }
    return { kind: 'refused' as const, detail: made?.detail ?? 'It could not be started.' }
  })
}

async function firstOfSeries(sql: Sql, series: string): Promise<string | undefined> {
  const [row] = await sql.query<{ run_id: string | null }>(
    `select run_id from prefect.firings where series = $1 limit 1`,
    [series],
  )
  return row?.run_id ?? undefined
}
