/** What InfluxDB is sent. Debian's victoria-metrics takes the same writes: it is asked too where it is installed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openMeasurements } from '../../../../src/platform/observability/measurements.ts'
import { eventually } from '../../../support/eventually.ts'
import { openReceiver, type Receiver } from '../../../support/receiver.ts'
import { buggyFlow, wellFlow } from './flows.ts'
import { openTelemetryRig, type TelemetryRig } from './telemetry-rig.ts'

const SETTINGS = { token: 'token', org: 'hotel', bucket: 'prefect' }

/** `name,tag=value field=1,other=2 time`, of names without spaces. */
function pointsOf(receiver: Receiver) {
  return receiver.received.flatMap(({ text }) =>
    text.split('\n').map((line) => {
      const [key = '', values = '', time] = line.split(' ')
      const [measurement, ...tags] = key.split(',')
      const fields = values.split(',').map((field) => {
        const [name = '', value] = field.split('=')
        return [name, Number(value)] as const
      })
      return { measurement, tags, fields: Object.fromEntries(fields), time }
    }),
  )
}

describe('runs and tasks', () => {
  let influx: Receiver
  let rig: TelemetryRig
  beforeAll(async () => {
    influx = await openReceiver()
    influx.answer(204)
    rig = await openTelemetryRig(
      { INFLUX_URL: influx.url, INFLUX_TOKEN: 't' },
      [wellFlow, buggyFlow],
      () => ({}),
    )
  })
  afterAll(async () => {
    await rig?.close()
    await influx?.close()
  })

  it('are points with their workflow, task, status and seconds, all sent when the service stops', async () => {
    await rig.run(wellFlow)
    await rig.run(buggyFlow)
    await rig.deliver()
    const points = pointsOf(influx)
    expect(points.map(({ measurement, tags }) => [measurement, ...tags])).toEqual([
      ['task_run', 'status=completed', 'task=work', 'workflow=goes_well'],
      ['flow_run', 'status=completed', 'workflow=goes_well'],
      ['task_run', 'status=failed', 'task=stumble', 'workflow=has_a_bug'],
      ['flow_run', 'status=failed', 'workflow=has_a_bug'],
    ])
    expect(points.map(({ fields }) => Object.keys(fields))).toEqual([
      ['duration'],
      ['duration', 'waited'],
      ['duration'],
      ['duration', 'waited'],
    ])
    for (const { fields } of points) {
      for (const seconds of Object.values(fields)) expect(seconds).toBeGreaterThanOrEqual(0)
    }
    // Points of the same tags at the same time would be one.
    expect(new Set(points.map(({ time }) => time)).size).toBe(4)
    expect(influx.received[0]?.path).toBe('/api/v2/write?org=hotel&bucket=prefect&precision=ns')
    expect(JSON.stringify(influx.received)).not.toMatch(/canary/i)
  })
})

it('a server that refuses or is away costs measurements and nothing else', async () => {
  const influx = await openReceiver()
  influx.answer(401)
  let failures = 0
  const failed = () => {
    failures += 1
  }
  const measurements = await openMeasurements({ ...SETTINGS, url: influx.url, failed })
  measurements.write('flow_run', { workflow: 'one' }, { duration: 1 })
  await eventually('the refusal to be told', () => failures > 0)
  await influx.close()
  const before = failures
  measurements.write('flow_run', { workflow: 'two' }, { duration: Number.NaN, waited: 2 })
  await eventually('the loss to be told', () => failures > before)
  await measurements.close()
})

const SERVER = 'victoria-metrics'
const installed = spawnSync(SERVER, ['-version']).error === undefined
describe.skipIf(!installed)(`a real server${installed ? '' : ', which is not installed'}`, () => {
  let server: ChildProcess
  let url: string
  const folder = mkdtempSync(join(tmpdir(), 'prefect-metrics-'))
  beforeAll(async () => {
    const address = `127.0.0.1:${await freePort()}`
    url = `http://${address}`
    server = spawn(SERVER, [`-storageDataPath=${folder}`, `-httpListenAddr=${address}`], {
      stdio: 'ignore',
    })
    await eventually('victoria-metrics to answer', async () =>
      fetch(`${url}/health`).then(
        (answer) => answer.ok,
        () => false,
      ),
    )
  })
  afterAll(async () => {
    server?.kill()
    if (server?.exitCode === null) await once(server, 'exit')
    rmSync(folder, { recursive: true, force: true })
  })

  it('takes the points and answers them', async () => {
    const failed = () => expect.unreachable('refused')
    const measurements = await openMeasurements({ ...SETTINGS, url, failed })
    const tags = { workflow: 'goes_well', status: 'completed' }
    measurements.write('flow_run', tags, { duration: 1.5, waited: 0.25 })
    await measurements.close()
    // Otherwise what was written is found after some seconds.
    await fetch(`${url}/internal/force_flush`)
    const found = await eventually('the points', async () => {
      const answer = await fetch(`${url}/api/v1/export?match={workflow="goes_well"}`)
      const lines = (await answer.text()).trim().split('\n')
      return (
        lines.length === 2 && lines.map((line) => JSON.parse(line) as { metric: object; values: number[] })
      )
    })
    const byName = found.sort((a, b) => JSON.stringify(a.metric).localeCompare(JSON.stringify(b.metric)))
    expect(byName).toMatchObject([
      { metric: { __name__: 'flow_run_duration', ...tags }, values: [1.5] },
      { metric: { __name__: 'flow_run_waited', ...tags }, values: [0.25] },
    ])
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
