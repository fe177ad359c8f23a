/**
 * `npm test`: finds or starts the services the tests need, runs every test project, and says last what did not run.
 * Arguments go to vitest. `REQUIRE_SERVICES=1`: any skipped test fails the run. `CRASH_LONG=1`: the long crash tests.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { countTests, describeSkips } from './test-counts.mjs'
import { findRabbitMQ, provideRabbitMQ, provideRedis } from './test-services.mjs'

const PROJECTS = ['unit', 'integration', 'acceptance', 'crash']
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'prefect-test-run-'))
  // Ctrl-C reaches vitest as well, the others are passed on to it; this process stays to stop what it started.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
  const services = []
  try {
    services.push(await provideRabbitMQ(join(folder, 'rabbitmq')))
    services.push(await provideRedis(join(folder, 'redis')))
    services.push(findRabbitMQ())
    const report = join(folder, 'report.json')
    const code = await runVitest(report, services)
    return conclude(code, report, services)
  } finally {
    await Promise.all(services.map((service) => service.stop()))
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

function runVitest(report, services) {
  const extra = process.argv.slice(2)
  const chosen = extra.some((argument) => argument.startsWith('--project'))
  const projects = chosen ? [] : PROJECTS.flatMap((name) => ['--project', name])
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const child = spawn(
    process.execPath,
    [join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...projects, ...reporters, ...extra],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: {
        ...process.env,
        ...Object.fromEntries(services.map(({ variable, url }) => [variable, url ?? 'none'])),
      },
    },
  )
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => resolve(code ?? 1))
  })
}

/** Prints the two closing lines and returns the exit code. */
function conclude(code, report, services) {
  let counts
  try {
    counts = countTests(JSON.parse(readFileSync(report, 'utf8')))
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
