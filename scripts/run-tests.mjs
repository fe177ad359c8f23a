/**
 * `npm test`: finds or starts the services the tests need, runs every test project, and says last what did not run.
 * Arguments go to vitest. `REQUIRE_SERVICES=1`: any skipped test fails the run. `CRASH_LONG=1`: the long crash tests.
 *
 *   services ──┬── unit, integration, acceptance ──┬── the counts of both
 *              └── crash: waits most of its time ──┘
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { countTests, describeSkips } from './test-counts.mjs'
import { providePython } from './test-python.mjs'
import { findRabbitMQ, provideRabbitMQ, provideRedis } from './test-services.mjs'

/** Projects of one vitest each, side by side; what arguments choose runs in one. */
const SIDES = [['unit', 'integration', 'acceptance'], ['crash']]
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'prefect-test-run-'))
  // Ctrl-C reaches vitest as well, the others are passed on to it; this process stays to stop what it started.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
  const services = []
  try {
    const python = providePython()
    services.push(await provideRabbitMQ(join(folder, 'rabbitmq')))
    services.push(await provideRedis(join(folder, 'redis')))
    services.push(findRabbitMQ())
    services.push(await python)
    const runs = argumentsOfRuns().map((args, n) => startVitest(args, { folder, n, services }))
    const codes = [await runs[0].ended]
    for (const { ended, kept } of runs.slice(1)) {
      console.log('Waiting for the crash tests beside…')
      codes.push(await ended)
      process.stdout.write(kept())
    }
    return conclude(codes.find((code) => code !== 0) ?? 0, runs, services)
  } finally {
    await Promise.all(services.map((service) => service.stop()))
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

function argumentsOfRuns() {
  const extra = process.argv.slice(2)
  const projects = (names) => names.flatMap((name) => ['--project', name])
  if (extra.length === 0) return SIDES.map(projects)
  const chosen = extra.some((argument) => argument.startsWith('--project'))
  return [[...(chosen ? [] : projects(SIDES.flat())), ...extra]]
}

/** `{ report, ended, kept() }`: the first run shows what it prints, that of the others is kept until all have ended. */
function startVitest(args, { folder, n, services }) {
  const report = join(folder, `report-${n}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const child = spawn(
    process.execPath,
    [join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...args, ...reporters],
    {
      cwd: ROOT,
      stdio: n === 0 ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...Object.fromEntries(services.map(({ variable, url }) => [variable, url ?? 'none'])),
      },
    },
  )
  let kept = ''
  for (const output of [child.stdout, child.stderr]) {
    output?.setEncoding('utf8').on('data', (text) => {
      kept += text
    })
  }
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
  return { report, ended, kept: () => kept }
}

/** Prints the two closing lines and returns the exit code. */
function conclude(code, runs, services) {
  let counts
  try {
    const reports = runs.map(({ report }) => JSON.parse(readFileSync(report, 'utf8')))
    counts = countTests({ testResults: reports.flatMap(({ testResults }) => testResults) })
  } catch {
    console.error('The tests did not run to their end.')
    return code || 1
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  console.log(describeSkips(counts, services))
  const mustNotSkip = process.env.REQUIRE_SERVICES === '1' && counts.skipped > 0
  return code || (counts.failed > 0 || mustNotSkip ? 1 : 0)
}

process.exitCode = await main()
