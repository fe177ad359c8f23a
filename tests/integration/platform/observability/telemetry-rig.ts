import type { FastifyInstance } from 'fastify'
import { openTelemetry, type Telemetry } from '../../../../src/app/telemetry.ts'
import { type Config, readConfig } from '../../../../src/config.ts'
import { createDurableEngine } from '../../../../src/platform/engine/durable/durable-engine.ts'
import { startWorker, type Worker } from '../../../../src/platform/engine/durable/worker.ts'
import type { AnyFlow } from '../../../../src/platform/engine/flow.ts'
import { newRunId } from '../../../../src/platform/engine/ids.ts'
import { buildServer } from '../../../../src/platform/http/server.ts'
import { createLogger } from '../../../../src/platform/observability/logger.ts'
import { createMetrics, type Metrics } from '../../../../src/platform/observability/metrics.ts'
import type { Database } from '../../../../src/platform/postgres/pool.ts'
import { createTestDatabase } from '../../../support/database.ts'
import { forgetFlows } from '../../../support/durable-rig.ts'
import { eventually } from '../../../support/eventually.ts'
import { httpDeps } from '../http/http-rig.ts'

export interface TelemetryRig {
  database: Database
  metrics: Metrics
  app: FastifyInstance
  /** Starts it and waits for its end; answers its id. */
  run(flow: AnyFlow, parameters?: unknown): Promise<string>
  ended(runId: string): Promise<unknown>
  /** Of all that is still in memory. */
  deliver(): Promise<void>
  close(): Promise<void>
}

/** HTTP, the durable engine and a worker in this process, with the telemetry that the settings ask for. */
export async function openTelemetryRig<Deps>(
  settings: Partial<Record<keyof Config, string>>,
  flows: AnyFlow[],
  depsOf: (telemetry: Telemetry) => Deps,
): Promise<TelemetryRig> {
  const logger = createLogger('silent')
  const metrics = createMetrics()
  const telemetry = await openTelemetry(readConfig(settings), { metrics, logger })
  const { database, url, drop } = await createTestDatabase({ max: 10 })
  let worker: Worker | undefined
  const engine = createDurableEngine(database, (queue) => worker?.pollNow(queue))
  worker = await startWorker({
    ...{ database, control: database, databaseUrl: url, engine, flows, logger },
    deps: depsOf(telemetry),
    identity: { id: `w_telemetry_${process.pid}`, roles: ['worker'], version: 'test' },
    observer: telemetry.worker,
  })
  const app = await buildServer(
    httpDeps(database, engine, { flows: new Map(flows.map((flow) => [flow.name, flow])) }),
  )
  let delivered: Promise<void> | undefined
  const deliver = () => {
    delivered ??= telemetry.close()
    return delivered
  }
  const ended = (runId: string) =>
    eventually(`${runId} to end`, async () => {
      const text = `select 1 from prefect.flow_run_states where id = $1 and status in ('completed', 'failed')`
      return (await database.query(text, [runId])).length > 0
    })
  return {
    ...{ database, metrics, app, ended, deliver },
    async run(flow, parameters = {}) {
      const runId = newRunId()
      await engine.start({ runId, flow, parameters })
      await ended(runId)
      return runId
    },
    async close() {
      await app.close()
      await worker?.drain(1_000)
      await forgetFlows()
      await deliver()
      await drop()
    },
  }
}
