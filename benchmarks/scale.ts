/**
 * `npm run bench -- scale`: what a list, a run's page and a run cost beside ten thousand, a million and ten million runs.
 * SIZES=10000,1000000 asks for other sizes; one that the disk has no room for is left out, and said. DATABASE_URL names a
 * server to work on, in databases of its own that are dropped again; without it there is an embedded one.
 */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLogger } from '../src/platform/observability/logger.ts'
import { startEmbeddedPostgres } from '../src/platform/postgres/embedded/embedded-postgres.ts'
import type { Database } from '../src/platform/postgres/pool.ts'
import { type BenchDatabase, newDatabase } from './databases.ts'
import { attendanceLatencies, closedLoop, percentile } from './load.ts'
import { startProgram } from './processes.ts'
import { measureRequests } from './scale-requests.ts'
import { endOpenRuns, seededIds, seedRuns } from './scale-seed.ts'

const SIZES = (process.env.SIZES ?? '10000,1000000,10000000').split(',').map(Number)
const SECONDS = Number(process.env.SECONDS ?? 10)
const LANES = 64
/** With indexes, and room to build them. */
const BYTES_PER_RUN = 4_000
const service = join(dirname(fileURLToPath(import.meta.url)), '../src/main.js')

/** Milliseconds, the rates apart. Lines of the report by name. */
interface Figures {
  runs: number
  lists: Map<string, number[]>
  others: Map<string, number[]>
  runsPerSecond: number
  /** From the request for a punch to its completed run, at 50 a second. */
  latencies: number[]
  /** From the commit of a run to its start in a worker: the claim. */
  claimMean: number
}

export async function measureScale(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'prefect-bench-'))
  const given = process.env.DATABASE_URL
  const server = given
    ? { url: given, stop: async () => {} }
    : await startEmbeddedPostgres({ dataDir: folder, logger: createLogger('silent') })
  try {
    const figures: Figures[] = []
    for (const runs of SIZES) {
      const { bavail, bsize } = statfsSync(folder)
      if (!given && bavail * bsize < runs * BYTES_PER_RUN) {
        process.stderr.write(`${runs} runs are left out: the disk has no room for them.\n`)
        continue
      }
      const made = await newDatabase(server.url, `bench_scale_${runs}`)
      figures.push(await measure(made, runs).finally(() => made.drop()))
    }
    report(figures)
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure({ url, database }: BenchDatabase, runs: number): Promise<Figures> {
  const started = performance.now()
  await seedRuns(database, runs)
  const seconds = Math.round((performance.now() - started) / 1000)
  process.stderr.write(`${runs} runs are there after ${seconds} s.\n`)
  const reading = await measureReading(url, database, runs)
  // What was seeded as open was never meant to be executed.
  await endOpenRuns(database)
  return { runs, ...reading, ...(await measureRunning(url, database)) }
}

async function measureReading(url: string, database: Database, runs: number) {
  const api = await startProgram(service, settings(url, 'api'))
  try {
    const ids = await seededIds(database, Math.floor(runs / 2))
    return await measureRequests(api.url, ids)
  } finally {
    await api.stop()
  }
}

async function measureRunning(url: string, database: Database) {
  const all = await startProgram(service, settings(url, 'api,worker'))
  try {
    await closedLoop(all.url, database, { lanes: LANES, seconds: 3, from: 0 })
    const rates: number[] = []
    for (const from of [20_000, 40_000, 60_000])
      rates.push(await closedLoop(all.url, database, { lanes: LANES, seconds: SECONDS / 2, from }))
    const before = await claims(all.url)
    const latencies = await attendanceLatencies(all.url, database, {
      perSecond: 50,
      seconds: SECONDS,
      from: 100_000,
    })
    const after = await claims(all.url)
    const runsPerSecond = rates.sort((a, b) => a - b)[1] ?? 0
    return {
      runsPerSecond,
      latencies,
      claimMean: (1000 * (after.sum - before.sum)) / (after.count - before.count),
    }
  } finally {
    await all.stop()
  }
}

/** The service's own measure, all workflows together. */
async function claims(url: string): Promise<{ sum: number; count: number }> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const total = (what: string) =>
    [...text.matchAll(new RegExp(`^prefect_event_to_start_seconds_${what}\\{[^}]*\\} (\\S+)$`, 'gm'))]
      .map(([, value]) => Number(value))
      .reduce((a, b) => a + b, 0)
  return { sum: total('sum'), count: total('count') }
}

const settings = (url: string, roles: string) => ({
  DATABASE_URL: url,
  PORT: '0',
  ROLES: roles,
  DEPLOYMENTS_DIR: 'none',
  LOG_LEVEL: 'info',
  RATE_LIMIT_PER_MINUTE: '10000000',
})

const quantiles = (sorted: readonly number[]) => ({
  p50: percentile(sorted, 0.5),
  p95: percentile(sorted, 0.95),
})
const round = (value: number) => Number(value.toFixed(2))

function report(figures: readonly Figures[]): void {
  const first = figures[0]
  if (first === undefined) return
  const names = [...first.lists.keys(), ...first.others.keys()]
  const timesOf = ({ lists, others }: Figures, name: string) => lists.get(name) ?? others.get(name) ?? []
  const slowest = ({ lists }: Figures) =>
    Math.max(...[...lists.values()].map((times) => quantiles(times).p95))
  const row = (name: string, cell: (each: Figures) => string) =>
    `  ${name.padEnd(84)}${figures.map((each) => cell(each).padStart(18)).join('')}\n`
  const both = (times: readonly number[]) => {
    const { p50, p95 } = quantiles(times)
    return `${p50.toFixed(1)} / ${p95.toFixed(1)}`
  }
  process.stdout.write(`${JSON.stringify(results(figures), null, 2)}\n\n`)
  process.stdout.write(
    row('p50 / p95 in ms, beside so many runs', ({ runs }) => String(runs)) +
      names.map((name) => row(name, (each) => both(timesOf(each, name)))).join('') +
      row('slowest list, p95: 50 or less at a million, 100 at ten million', (each) =>
        slowest(each).toFixed(1),
      ) +
      row('a punch, from its request to its completed run, at 50 a second', (each) => both(each.latencies)) +
      row('the claim: from the commit of a run to its start, mean', (each) => each.claimMean.toFixed(1)) +
      row('runs/s of attendance, closed loop', (each) => each.runsPerSecond.toFixed(0)) +
      row('  of that beside the fewest: 0.9 or more at a million', (each) =>
        (each.runsPerSecond / first.runsPerSecond).toFixed(2),
      ),
  )
}

function results(figures: readonly Figures[]) {
  const rounded = (times: readonly number[]) => {
    const { p50, p95 } = quantiles(times)
    return { p50: round(p50), p95: round(p95) }
  }
  return {
    machine: { cpus: cpus().length, model: cpus()[0]?.model ?? null, node: process.version },
    sizes: figures.map(({ runs, lists, others, latencies, claimMean, runsPerSecond }) => ({
      runs,
      answers_ms: Object.fromEntries([...lists, ...others].map(([name, times]) => [name, rounded(times)])),
      punch_ms: rounded(latencies),
      claim_mean_ms: round(claimMean),
      attendance_runs_per_second: round(runsPerSecond),
    })),
  }
}
