import { pino } from 'pino'
import { expect, it } from 'vitest'
import { openTelemetry } from '../../../src/app/telemetry.ts'
import { readConfig } from '../../../src/config.ts'
import { createMetrics } from '../../../src/platform/observability/metrics.ts'

/** What the log says when telemetry is opened with these settings. Nothing is sent: there is nothing to tell. */
async function saidWith(settings: Record<string, string>): Promise<string[]> {
  const lines: string[] = []
  const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line).msg) })
  const telemetry = await openTelemetry(readConfig(settings), { metrics: createMetrics(), logger })
  await telemetry.close()
  return lines
}

const INFLUX_URL = 'http://127.0.0.1:9'

it('an INFLUX_URL without INFLUX_TOKEN is warned of: InfluxDB would refuse every measurement', async () => {
  expect(await saidWith({ INFLUX_URL })).toEqual([
    expect.stringContaining('INFLUX_URL is set without INFLUX_TOKEN'),
  ])
})

it.each([[{ INFLUX_URL, INFLUX_TOKEN: 'secret' }], [{}]])('%o is not', async (settings) => {
  expect(await saidWith(settings)).toEqual([])
})
