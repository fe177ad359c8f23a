/**
 * `npm run bench`: prints one JSON document and a table. Every ratio is between two programs measured in this very run,
 * on the same embedded PostgreSQL; the machine's own speed cancels out. SECONDS=n changes the length of each part.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createLogger } from '../src/platform/observability/logger.ts'
import { startEmbeddedPostgres } from '../src/platform/postgres/embedded/embedded-postgres.ts'
import { measureBurst } from './burst.ts'
import { type BenchDatabase, newDatabase } from './databases.ts'
import { measureHotel } from './hotel.ts'
import { measureIntake } from './intake.ts'
import { attendanceLatencies, closedLoop } from './load.ts'
import { cpuSeconds, type Running, residentMegabytes, startProgram } from './processes.ts'
import { type Figures, report } from './report.ts'
import { measureScale } from './scale.ts'
import { measureSchedules } from './schedules.ts'

const SECONDS = Number(process.env.SECONDS ?? 10)
const LANES = 64
const BURST = 3_000
const here = dirname(fileURLToPath(import.meta.url))
const service = join(here, '../src/main.js')
const bare = join(here, 'bare-dbos.js')

interface Bench {
  newDatabase(name: string): Promise<BenchDatabase>
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'prefect-bench-'))
  const postgres = await startEmbeddedPostgres({ dataDir: folder, logger: createLogger('silent') })
  const databases: BenchDatabase[] = []
  try {
    const bench: Bench = {
      async newDatabase(name) {
        const made = await newDatabase(postgres.url, name)
        databases.push(made)
        return made
      },
    }
    report(await measure(bench))
  } finally {
    for (const { drop } of databases) await drop()
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(bench: Bench): Promise<Figures> {
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
  await bareBranch.stop()
  const bursts = await measureBursts(
    { url: all.url, database: ours.database },
    { url: bareFour.url, database: four.database },
  )
  await bareFour.stop()
  const latencies = await attendanceLatencies(all.url, ours.database, {
    perSecond: 50,
    seconds: SECONDS * 2,
    from: 200_000,
  })
  const resident = residentMegabytes(all.pid)
  await all.stop()
  const intake = await intakeAlone(await bench.newDatabase('intake'))
  const scheduled = await bench.newDatabase('schedules')
  const schedules = await measureSchedules(service, settings(scheduled.url), scheduled)
  const { url, database } = await bench.newDatabase('hotel')
  const hotel = await measureHotel(service, settings(url), { database, lanes: LANES, seconds: SECONDS })
  return {
    lanes: LANES,
    rates,
    bursts: { events: BURST, ...bursts },
    latencies,
    idle,
    resident,
    intake,
    schedules,
    hotel,
  }
}

type Measured = Pick<BenchDatabase, 'url' | 'database'>

/** In turns like the closed loop, each once left alone and once watched as the closed loop is. */
async function measureBursts(ours: Measured, four: Measured) {
  const rates = {
    ours: [] as number[],
    oursWatched: [] as number[],
    four: [] as number[],
    fourWatched: [] as number[],
  }
  let from = 100_000
  const burst = (at: Measured, watched: boolean) => {
    from += BURST
    return measureBurst(at.url, at.database, { events: BURST, lanes: LANES, from, watched })
  }
  for (let turn = 0; turn < 3; turn++) {
    rates.ours.push(await burst(ours, false))
    rates.four.push(await burst(four, false))
    rates.oursWatched.push(await burst(ours, true))
    rates.fourWatched.push(await burst(four, true))
  }
  return rates
}

const settings = (url: string, roles = 'api,worker,consumer,scheduler') => ({
  DATABASE_URL: url,
  PORT: '0',
  ROLES: roles,
  DEPLOYMENTS_DIR: 'none',
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

if (process.argv[2] === 'scale') await measureScale()
else await main()
