/** How late schedules fire, and what they cost while they do not. */
import { setTimeout as delay } from 'node:timers/promises'
import { BASE } from '../src/platform/contract/api.ts'
import type { Database } from '../src/platform/postgres/pool.ts'
import type { BenchDatabase } from './databases.ts'
import { attendanceEvent, percentile } from './load.ts'
import { cpuSeconds, startProgram } from './processes.ts'

const DUE_TOGETHER = 1_000
const DUE_SOME_DAY = 10_000
const IDLE_SECONDS = 20

export interface ScheduleFigures {
  /** Milliseconds from when each was due to its firing's decision, shortest first: spread over a minute, and all at once. */
  spread: number[]
  together: number[]
  /** Percent of one core: with no schedule, and with 10,000 of which none is due. */
  idleWithout: number | undefined
  idleWith: number | undefined
}

export async function measureSchedules(
  service: string,
  settings: Record<string, string>,
  { database }: BenchDatabase,
): Promise<ScheduleFigures> {
  const program = await startProgram(service, settings)
  try {
    const idleWithout = await idleCpu(program.pid)
    const first = await declare(program.url)
    const spread = await fired(database, first, 'spread', "interval '1 second' * (60.0 * n / $2)")
    const together = await fired(database, first, 'together', "interval '0'")
    await copies(database, first, {
      prefix: 'idle',
      count: DUE_SOME_DAY,
      due: "clock_timestamp() + interval '1 day'",
    })
    const idleWith = await idleCpu(program.pid)
    return { spread, together, idleWithout, idleWith }
  } finally {
    await program.stop()
  }
}

async function declare(url: string): Promise<string> {
  const answer = await fetch(`${url}${BASE}/schedule/create`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      name: 'bench',
      workflow: 'process_attendance',
      schedule: { type: 'cron', cron: '0 3 1 1 *' },
      parameters: { ...attendanceEvent(1), timestamp: '{{nominal}}' },
      overlap: 'allow',
    }),
  })
  if (!answer.ok) throw new Error(await answer.text())
  return ((await answer.json()) as { schedule_id: string }).schedule_id
}

/** Schedules like the first, the n-th of them due so much later than the next, all the same once. */
async function fired(database: Database, first: string, prefix: string, after: string): Promise<number[]> {
  const due = `date_trunc('second', clock_timestamp()) + interval '3 seconds' + ${after.replace('$2', String(DUE_TOGETHER))}`
  await copies(database, first, { prefix, count: DUE_TOGETHER, due, once: true })
  for (;;) {
    await delay(1_000)
    const rows = await database.query<{ late: number }>(
      `select (extract(epoch from decided_at - due_at) * 1000)::float8 as late from prefect.firings
       where slug like $1 || '-%' order by late`,
      [prefix],
    )
    if (rows.length >= DUE_TOGETHER) return rows.map(({ late }) => late)
  }
}

interface Copies {
  prefix: string
  count: number
  /** SQL, with `n`. */
  due: string
  once?: boolean
}

async function copies(
  database: Database,
  first: string,
  { prefix, count, due, once = false }: Copies,
): Promise<void> {
  await database.query(
    `insert into prefect.schedules (id, slug, definition, origin, decided_until, next_nominal_at, next_nominal, next_due_at)
     select s.id || '-' || $3 || n, $3 || '-' || n,
       case when $4 then s.definition || jsonb_build_object('schedule', jsonb_build_object('type', 'once', 'timezone', 'UTC',
              'at', to_char(d.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))) else s.definition end,
       s.origin, clock_timestamp(), d.at, d.at::text, d.at
     from prefect.schedules s, generate_series(1, $2) n, lateral (select ${due} as at) d
     where s.id = $1`,
    [first, count, prefix, once],
  )
}

async function idleCpu(pid: number): Promise<number | undefined> {
  await delay(3_000)
  const before = cpuSeconds(pid)
  await delay(IDLE_SECONDS * 1000)
  const after = cpuSeconds(pid)
  return before === undefined || after === undefined ? undefined : ((after - before) / IDLE_SECONDS) * 100
}

export function scheduleFigures({ spread, together, idleWithout, idleWith }: ScheduleFigures) {
  const ms = (sorted: readonly number[]) => ({
    p50: Math.round(percentile(sorted, 0.5)),
    p99: Math.round(percentile(sorted, 0.99)),
    most: Math.round(sorted.at(-1) ?? Number.NaN),
  })
  return { spread: ms(spread), together: ms(together), idleWithout, idleWith }
}
