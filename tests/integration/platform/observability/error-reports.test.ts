/** What Sentry is sent, as envelopes at a real server. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openReceiver, type Receiver } from '../../../support/receiver.ts'
import { buggyFlow, decidingFlow, parentFlow, refusedFlow, wellFlow } from './flows.ts'
import { openTelemetryRig, type TelemetryRig } from './telemetry-rig.ts'

const KEY = 'aaaabbbbccccddddeeeeffff00001111'

interface Report {
  exception: { values: { type: string; value: string; stacktrace: { frames: Record<string, unknown>[] } }[] }
  tags: Record<string, string>
  [name: string]: unknown
}

const dsnOf = (receiver: Receiver) => `${receiver.url.replace('http://', `http://${KEY}@`)}/42`

/** An envelope is a line for itself, then for each item a line about it and one with it. */
function reportsOf(receiver: Receiver): Report[] {
  return receiver.received.flatMap(({ path, text }) => {
    expect(path).toMatch(/^\/api\/42\/envelope\//)
    const lines = text.split('\n').map((line) => (line === '' ? undefined : JSON.parse(line)))
    return lines.filter((_, index) => lines[index - 1]?.type === 'event')
  })
}

describe('failed runs', () => {
  let sentry: Receiver
  let rig: TelemetryRig
  const runs: Record<string, string> = {}
  beforeAll(async () => {
    sentry = await openReceiver()
    const flows = [wellFlow, buggyFlow, refusedFlow, decidingFlow, parentFlow]
    rig = await openTelemetryRig({ SENTRY_DSN: dsnOf(sentry) }, flows, () => ({}))
    for (const flow of [wellFlow, decidingFlow, buggyFlow, refusedFlow]) runs[flow.name] = await rig.run(flow)
    await rig.deliver()
  })
  afterAll(async () => {
    await rig?.close()
    await sentry?.close()
  })

  it('are reported when no flow foresaw it, with run, flow, task and code', () => {
    expect(reportsOf(sentry).map(({ tags }) => tags)).toEqual([
      { run_id: runs.has_a_bug, flow: 'has_a_bug', task: 'stumble', code: 'error' },
      { run_id: runs.is_refused, flow: 'is_refused', task: 'be_refused', code: 'pms_unauthorized' },
    ])
  })

  it('show where the task threw, and nothing of what it said', () => {
    const [{ exception } = { exception: { values: [] } }] = reportsOf(sentry)
    expect(exception.values[0]).toMatchObject({ type: 'TypeError', value: 'error' })
    const frames = exception.values[0]?.stacktrace.frames ?? []
    expect(frames.map(({ filename }) => filename)).toContain(join(import.meta.dirname, 'flows.ts'))
    expect(JSON.stringify(sentry.received)).not.toMatch(/canary/i)
    const named = ['event_id', 'timestamp', 'platform', 'release', 'sdk', 'level']
    const known = [...named, 'exception', 'tags', 'fingerprint']
    expect(known).toEqual(expect.arrayContaining(Object.keys(reportsOf(sentry)[0] ?? {})))
  })
})

it('an error that nobody caught is reported before the process ends', async () => {
  const sentry = await openReceiver()
  const program = `
    import { openTelemetry } from '${join(import.meta.dirname, '../../../../src/app/telemetry.ts')}'
    import { createLogger } from '${join(import.meta.dirname, '../../../../src/platform/observability/logger.ts')}'
    import { createMetrics } from '${join(import.meta.dirname, '../../../../src/platform/observability/metrics.ts')}'
    const settings = { SENTRY_DSN: '${dsnOf(sentry)}' }
    await openTelemetry(settings, { metrics: createMetrics(), logger: createLogger('silent') })
    setTimeout(() => { throw new RangeError('canary') })
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program])
  const [code] = await once(child, 'exit')
  expect(code).toBe(1)
  expect(reportsOf(sentry)).toMatchObject([
    { exception: { values: [{ type: 'RangeError', value: 'uncaught' }] }, tags: { code: 'uncaught' } },
  ])
  expect(JSON.stringify(sentry.received)).not.toContain('canary')
  await sentry.close()
})
