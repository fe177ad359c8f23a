import { DBOS } from '@dbos-inc/dbos-sdk'
import { pino } from 'pino'
import { ENDED, type RunStatus } from '../../src/platform/contract/run.ts'
import { createDurableEngine } from '../../src/platform/engine/durable/durable-engine.ts'
import type { Timings } from '../../src/platform/engine/durable/timings.ts'
import { startWorker, type Worker } from '../../src/platform/engine/durable/worker.ts'
import type { Engine } from '../../src/platform/engine/engine.ts'
import type { AnyFlow } from '../../src/platform/engine/flow.ts'
import type { Retries } from '../../src/platform/engine/retry-plan.ts'
import type { Database } from '../../src/platform/postgres/pool.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import type { Rig } from './engine-conformance/rig.ts'
import { eventually } from './eventually.ts'

export interface DurableRig extends Rig {
  readonly engine: Engine & Retries
  readonly database: Database
  readonly worker: Worker
  close(): Promise<void>
}

let workers = 0

/** What a test may do to a run. Any other warning fails the file that closes the rig. */
const FORESEEN = [
  'run failed',
  'queued the runs of dead workers again',
  'abandoned runs that took every worker down',
  'queued runs again that were claimed and never begun',
]

/** The durable engine with one worker in this process, on a database of its own. */
export async function openDurableRig<Deps>(
  flows: readonly AnyFlow[],
  deps: Deps,
  /** Done before there is a worker. */
  before: (engine: Engine, database: Database) => Promise<void> = async () => {},
  /** Default: one of its own, dropped at the end. */
  on?: TestDatabase,
  /** Default: as in the service, but for the dead, who are found sooner. */
  timings: Partial<Timings> = {},
): Promise<DurableRig> {
  const warnings: { msg: string }[] = []
  const stream = { write: (line: string) => void warnings.push(JSON.parse(line)) }
  const logger = pino({ level: 'warn' }, stream)
  const test = on ?? (await createTestDatabase({ max: 20 }))
  let worker: Worker | undefined
  const engine = createDurableEngine(test.database, (queue) => worker?.pollNow(queue))
  await before(engine, test.database)
  worker = await startWorker({
    database: test.database,
    control: test.database,
    databaseUrl: test.url,
    engine,
    flows,
    deps,
    identity: { id: `w_test_${process.pid}_${workers++}`, roles: ['worker'], version: 'test' },
    observer: {
      runStarted() {},
      runEnded() {},
      recovered() {},
      taskEnded() {},
      taskRetried() {},
      undoFailed() {},
    },
    timings: { sweepMs: 250, ...timings },
    logger,
  })
  const close = async () => {
    await worker?.drain(1_000)
    await forgetFlows()
    if (!on) await test.drop()
    const unexpected = warnings.filter(({ msg }) => !FORESEEN.includes(msg))
    if (unexpected.length > 0) throw new Error(`The engine warned: ${JSON.stringify(unexpected)}`)
  }
  return { ...lookAt(test, engine), engine, database: test.database, worker, close }
}

/** Files that run in one process after another may define flows of the same names. */
export const forgetFlows = () => DBOS.shutdown({ deregister: true })

function lookAt({ database }: TestDatabase, engine: Engine): Rig {
  const status = async (runId: string) => {
    const text = 'select status from prefect.flow_run_states where id = $1'
    return (await database.query<{ status: string }>(text, [runId]))[0]?.status ?? 'unknown'
  }
  return {
    engine,
    status,
    ended: (runId) =>
      eventually(`${runId} to end`, async () => {
        const ended = await status(runId)
        if (!ENDED.includes(ended as RunStatus)) return undefined
        const [row] = await database.query<{ output: string; error: string; flagged: string | null }>(
          `select o.output, o.error, r.flagged from prefect.flow_runs r
           left join dbos.workflow_output o on o.workflow_uuid = r.id where r.id = $1`,
          [runId],
        )
        const result = row?.output ? JSON.parse(row.output) : undefined
        const error = row?.error ? JSON.parse(row.error) : undefined
        return { status: ended, result, error, flagged: row?.flagged ?? undefined }
      }),
    attempts: (runId) =>
      database.query(
        `select step, attempt, error ->> 'code' as code, error ->> 'message' as message
         from prefect.task_attempts where run_id = $1 order by step, attempt`,
        [runId],
      ),
    parentOf: async (runId) => {
      const text = 'select parent_run_id from prefect.flow_runs where id = $1'
      const [row] = await database.query<{ parent_run_id: string | null }>(text, [runId])
      return row?.parent_run_id ?? undefined
    },
    logs: (runId) =>
      eventually(`the log of ${runId}`, async () => {
        const text = 'select message from prefect.run_logs where run_id = $1 order by at, key'
        const lines = await database.query<{ message: string }>(text, [runId])
        return lines.length > 0 ? lines.map(({ message }) => message) : undefined
      }),
  }
}
