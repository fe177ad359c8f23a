/** What is not asked for is not loaded: a vendor's package costs memory and time at every start. */
import { execFile } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openReceiver, type Receiver } from '../../../support/receiver.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..', '..')
const VENDORS =
  /node_modules\/(@sentry\/node|@influxdata|@opentelemetry\/(?:sdk|exporter|context|resources)[^/]*)\//g

/** Loads the whole service and what the settings ask for; writes down every module, imported or required. */
const HOOK = `
  import { appendFileSync } from 'node:fs'
  export async function resolve(name, context, next) {
    const found = await next(name, context)
    appendFileSync(process.env.LOADED, found.url + '\\n')
    return found
  }`
const PROGRAM = `
  import { appendFileSync } from 'node:fs'
  import Module, { register } from 'node:module'
  register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(HOOK)}))
  await import('${ROOT}/src/main.ts')
  const { openTelemetry } = await import('${ROOT}/src/app/telemetry.ts')
  const { readConfig } = await import('${ROOT}/src/config.ts')
  const { createLogger } = await import('${ROOT}/src/platform/observability/logger.ts')
  const { createMetrics } = await import('${ROOT}/src/platform/observability/metrics.ts')
  const parts = { metrics: createMetrics(), logger: createLogger('silent') }
  const telemetry = await openTelemetry(readConfig(process.env), parts)
  await telemetry.close()
  appendFileSync(process.env.LOADED, Object.keys(Module._cache).join('\\n'))`

let receiver: Receiver
beforeAll(async () => {
  receiver = await openReceiver()
})
afterAll(() => receiver?.close())

async function loadedBy(settings: Record<string, string>): Promise<Set<string>> {
  const loaded = join(tmpdir(), `prefect-loaded-${process.pid}.txt`)
  const { PATH } = process.env
  const env = { PATH, LOADED: loaded, ...settings }
  await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', PROGRAM], {
    env,
    cwd: ROOT,
  })
  const text = readFileSync(loaded, 'utf8')
  rmSync(loaded)
  expect(text).toContain('node_modules/fastify/')
  return new Set([...text.matchAll(VENDORS)].map(([, name]) => name ?? ''))
}

it('without settings no vendor is loaded', async () => {
  expect(await loadedBy({})).toEqual(new Set())
})

it('each setting loads its own', async () => {
  expect([...(await loadedBy({ INFLUX_URL: receiver.url }))]).toEqual(['@influxdata'])
  const SENTRY_DSN = receiver.url.replace('http://', 'http://key@')
  expect([...(await loadedBy({ SENTRY_DSN: `${SENTRY_DSN}/1` }))]).toContain('@sentry/node')
  const traced = [...(await loadedBy({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }))].sort()
  expect(traced).toEqual(expect.arrayContaining(['@opentelemetry/exporter-trace-otlp-http']))
  expect(traced).not.toContain('@sentry/node')
}, 90_000)
