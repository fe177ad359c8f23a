/**
 * `npm run bench`: prints one JSON document and a table. Every ratio is between two programs measured in this very run,
 * on the same embedded PostgreSQL; the machine's own speed cancels out. SECONDS=n changes the length of each part.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { seedHotel } from '../simulators/hotel/hotel.ts'
import { ensureEngineSchema } from '../src/platform/engine/durable/schema.ts'
import { createLogger } from '../src/platform/observability/logger.ts'
import { startEmbeddedPostgres } from '../src/platform/postgres/embedded/embedded-postgres.ts'
import { migrate } from '../src/platform/postgres/migrate.ts'
import { type Database, openPool } from '../src/platform/postgres/pool.ts'
import { type HotelFigures, measureHotel } from './hotel.ts'
import { measureIntake } from './intake.ts'
import { attendanceLatencies, closedLoop, percentile } from './load.ts'
import { cpuSeconds, type Running, residentMegabytes, startProgram } from './processes.ts'

const SECONDS = Number(process.env.SECONDS ?? 10)
const LANES = 64
const here = dirname(fileURLToPath(import.meta.url))
const service = join(here, '../src/main.js')
const bare = join(here, 'bare-dbos.js')

interface Bench {
  newDatabase(name: string): Promise<{ url: string; database: Database }>
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'prefect-bench-'))
  const postgres = await startEmbeddedPostgres({ dataDir: folder, logger: createLogger('silent') })
  const databases: Database[] = []
  try {
    const bench: Bench = { newDatabase: (name) => newDatabase(postgres.url, name, databases) }
    report(await measure(bench))
  } finally {
    for (const database of databases) await database.close()
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function newDatabase(server: string, name: string, opened: Database[]) {
  const admin = openPool({ url: server, max: 2, applicationName: 'bench' })
  await admin.query(`create database ${name}`)
  await admin.close()
  const url = new URL(server)
  url.pathname = `/${name}`
  const database = openPool({ url: url.href, max: 4, applicationName: 'bench' })
  opened.push(database)
  await migrate(database, { before: ensureEngineSchema })
  await seedHotel(database)
  return { url: url.href, database }
}

async function measure(bench: Bench) {
  const ours = await bench.newDatabase('ours')
  const [four, branch] = [await bench.newDatabase('bare_four'), await bench.newDatabase('bare_branch')]
  const all = await startProgram(service, settings(ours.url))
  const bareFour = await startProgram(bare, { DATABASE_URL: four.url, MODE: 'four' })
  const bareBranch = await startProgram(bare, { DATABASE_URL: branch.url, MODE: 'branch' })
  const idle = await idleCpu(all)

  // In turns, so that a neighbour's noise falls on all of them; the first turn warms up and does not count.
  const rates = { ours: [] as number[], four: [] as number[], branch: [] as number[] }
  for (let turn = 0; turn < 4; turn++) {
    const options = { lanes: LANES, seconds: turn === 0 ? 3 : SECONDS / 2, from: turn * 20_000 }
    const ourRate = await closedLoop(all.url, ours.database, options)
    const fourRate = await closedLoop(bareFour.url, four.database, options)
    const branchRate = await closedLoop(bareBranch.url, branch.database, options)
    if (turn === 0) continue
    rates.ours.push(ourRate)
    rates.four.push(fourRate)
    rates.branch.push(branchRate)
  }
  await bareFour.stop()
  await bareBranch.stop()
  const latencies = await attendanceLatencies(all.url, ours.database, {
    perSecond: 50,
    seconds: SECONDS * 2,
    from: 100_000,
  })
  const resident = residentMegabytes(all.pid)
  await all.stop()
  const intake = await intakeAlone(await bench.newDatabase('intake'))
  const { url, database } = await bench.newDatabase('hotel')
  const hotel = await measureHotel(service, settings(url), { database, lanes: LANES, seconds: SECONDS })
  return results(rates, { latencies, idle, resident, intake, hotel })
}

const settings = (url: string, roles = 'api,worker,consumer,scheduler') => ({
  DATABASE_URL: url,
  PORT: '0',
  ROLES: roles,
  LOG_LEVEL: 'info',
  RATE_LIMIT_PER_MINUTE: '10000000',
})

/** Percent of one core that the service uses with nothing to do. */
async function idleCpu({ pid }: Running): Promise<number | undefined> {
  await delay(3_000)
  const before = cpuSeconds(pid)
  await delay(10_000)
  const after = cpuSeconds(pid)
  return before === undefined || after === undefined ? undefined : (after - before) * 10
}

async function intakeAlone({ url }: { url: string }): Promise<number> {
  const api = await startProgram(service, settings(url, 'api'))
  await measureIntake(api.url, 2)
  const rate = await measureIntake(api.url, SECONDS)
  await api.stop()
  return rate
}

const median = (values: number[]) =>
  percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  )
const round = (value: number | undefined, digits = 1) =>
  value === undefined ? null : Number(value.toFixed(digits))

function results(
  rates: Record<'ours' | 'four' | 'branch', number[]>,
  more: {
    latencies: number[]
    idle: number | undefined
    resident: number | undefined
    intake: number
    hotel: HotelFigures
  },
) {
  const [ours, four, branch] = [median(rates.ours), median(rates.four), median(rates.branch)]
  return {
    machine: { cpus: cpus().length, model: cpus()[0]?.model ?? null, node: process.version },
    attendance_runs_per_second: {
      service: round(ours),
      bare_dbos_four_steps: round(four),
      bare_dbos_branching: round(branch),
      times_as_fast_as_four_steps: round(ours / four, 2),
      times_as_fast_as_branching: round(ours / branch, 2),
      closed_loop_lanes: LANES,
    },
    latency_ms_at_50_per_second: {
      p50: round(percentile(more.latencies, 0.5)),
      p99: round(percentile(more.latencies, 0.99)),
      events: more.latencies.length,
    },
    intake_alone_per_second: round(more.intake, 0),
    idle_cpu_percent_of_a_core: round(more.idle),
    resident_megabytes_after_load: more.resident ?? null,
    hotel_day: hotelResults(more.hotel),
  }
}

/** Each beside the punches of the same service in the same turns. */
function hotelResults({ roomReady, ...rates }: HotelFigures) {
  const [punches, rooms, bookings] = [median(rates.attendance), median(rates.rooms), median(rates.bookings)]
  return {
    attendance_events_per_second: round(punches),
    room_events_per_second: round(rooms),
    room_events_per_punch: round(rooms / punches, 2),
    booking_events_per_second: round(bookings),
    booking_events_per_punch: round(bookings / punches, 2),
    room_ready_to_email_ms: {
      p50: round(percentile(roomReady, 0.5)),
      p99: round(percentile(roomReady, 0.99)),
      guests: roomReady.length,
    },
  }
}

function report(result: ReturnType<typeof results>): void {
  const runs = result.attendance_runs_per_second
  const latency = result.latency_ms_at_50_per_second
  const hotel = result.hotel_day
  const row = (what: string, value: unknown, wanted: string) =>
    `  ${what.padEnd(58)}${String(value).padStart(10)}   ${wanted}\n`
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n\n`)
  process.stdout.write(
    row('attendance runs/s, HTTP request to completed run', runs.service, '') +
      row('  bare DBOS, four tasks as four steps', runs.bare_dbos_four_steps, '') +
      row('  bare DBOS, the fourth step only when late', runs.bare_dbos_branching, '') +
      row('times as fast as four steps', runs.times_as_fast_as_four_steps, '1.5 or more, aim 2.0') +
      row('times as fast as branching', runs.times_as_fast_as_branching, '') +
      row('latency at 50 events/s, p50 ms', latency.p50, '60 or less') +
      row('latency at 50 events/s, p99 ms', latency.p99, '150 or less') +
      row('intake alone, events/s answered 202', result.intake_alone_per_second, '1000 or more') +
      row('idle CPU of the service, % of a core', result.idle_cpu_percent_of_a_core, '5 or less') +
      row('resident memory after the load, MB', result.resident_megabytes_after_load, '200 or less') +
      row('with its other services: attendance events/s', hotel.attendance_events_per_second, '') +
      row('  room events/s, all runs completed', hotel.room_events_per_second, '') +
      row('  booking events/s, e-mail accepted, predictions made', hotel.booking_events_per_second, '') +
      row('room clean to e-mail accepted, p50 ms', hotel.room_ready_to_email_ms.p50, '') +
      row('room clean to e-mail accepted, p99 ms', hotel.room_ready_to_email_ms.p99, ''),
  )
}

await main()
