/**
 * A worker that stops dead at given points of given runs, and says so: whoever started it kills it there. It is what
 * the service's own worker is, but for the flows, which are wrapped.
 */
import { readFileSync } from 'node:fs'
import { cancelBooking } from '../../src/hotel/bookings/cancel-booking.flow.ts'
import { moveGuestRoom } from '../../src/hotel/bookings/move-guest-room.flow.ts'
import { sendGuestNotification } from '../../src/hotel/messages/send-guest-notification.flow.ts'
import { createRestPropertySystem } from '../../src/hotel/services/pms/rest.ts'
import { createDurableEngine } from '../../src/platform/engine/durable/durable-engine.ts'
import { startWorker, type Worker } from '../../src/platform/engine/durable/worker.ts'
import { GiveUp } from '../../src/platform/engine/errors.ts'
import type {
  AnyFlow,
  AnyTask,
  Flow,
  FlowDefinition,
  Saga,
  TransactionContext,
  Undo,
} from '../../src/platform/engine/flow.ts'
import { createLogger } from '../../src/platform/observability/logger.ts'
import { createGuard } from '../../src/platform/outbound/service-guard.ts'
import { openPool } from '../../src/platform/postgres/pool.ts'
import { sandboxDeps } from '../support/sandbox-deps.ts'

/** By run: where it stops (`hold_new_room:before`), and which tasks and undos fail for good. */
export type SagaPlan = Record<string, { stopAt: string | null; fails: string[] }>

const { DATABASE_URL = '', PMS_URL = '', SAGA_PLAN = '' } = process.env
const plan = JSON.parse(readFileSync(SAGA_PLAN, 'utf8')) as SagaPlan

/** `before` an act, `after` its effect and before its record, `recorded`; `end`: before the run's outcome is kept. */
async function point(runId: string, name: string): Promise<void> {
  if (plan[runId]?.stopAt !== name) return
  process.stdout.write(`stopped ${runId}\n`)
  await new Promise(() => {})
}

function failWhereAsked(runId: string, name: string): void {
  if (plan[runId]?.fails.includes(name)) throw new GiveUp('made_to_fail', `${name} was made to fail.`)
}

/** One shape for both kinds of task: the wrapper only passes on what it is given. */
type Runs = {
  name: string
  run(deps: unknown, input: unknown, context: TransactionContext): Promise<unknown>
}

function stopping<Task>(task: Task): Task {
  const { name, run } = task as Runs
  const wrapped: Runs['run'] = async (deps, input, context) => {
    await point(context.runId, `${name}:before`)
    failWhereAsked(context.runId, name)
    const result = await run(deps, input, context)
    await point(context.runId, `${name}:after`)
    return result
  }
  return { ...task, run: wrapped }
}

function wrapped(flow: AnyFlow): AnyFlow {
  return {
    ...flow,
    run: (language: Flow<unknown>, parameters: unknown) => runWrapped(flow, language, parameters),
  }
}

async function runWrapped(flow: AnyFlow, language: Flow<unknown>, parameters: unknown): Promise<unknown> {
  const { runId } = language
  const act = (saga: Saga<unknown>): Saga<unknown>['act'] =>
    async function act<Input, Output>(
      task: AnyTask<unknown, Input, Output>,
      input: Input,
      undo: Undo<unknown, Input, Output>,
      ...more: Undo<unknown, Input, Output>[]
    ) {
      const result = await saga.act(stopping(task), input, stopping(undo), ...more.map(stopping))
      await point(runId, `${task.name}:recorded`)
      return result
    }
  const own: Flow<unknown> = {
    ...language,
    task: (task, input) => language.task(stopping(task), input),
    saga: (body) => language.saga((saga) => body({ act: act(saga) })),
  }
  try {
    return await (flow as FlowDefinition<unknown>).run(own, parameters)
  } finally {
    await point(runId, 'end')
  }
}

const database = openPool({ url: DATABASE_URL, max: 30, applicationName: 'saga-worker' })
const control = openPool({ url: DATABASE_URL, max: 2, applicationName: 'saga-worker' })
const guard = createGuard({ service: 'pms', timeoutMs: 10_000, atOnce: 64 })
let worker: Worker | undefined
const engine = createDurableEngine(database, (queue) => worker?.pollNow(queue))
worker = await startWorker({
  database,
  control,
  databaseUrl: DATABASE_URL,
  engine,
  flows: [wrapped(moveGuestRoom), wrapped(cancelBooking), sendGuestNotification],
  deps: {
    ...(await sandboxDeps(database)),
    pms: createRestPropertySystem({ url: PMS_URL, apiKey: 'demo-key', guard }),
  },
  identity: { id: `w_saga_${process.pid}`, roles: ['worker'], version: 'test' },
  observer: {
    runStarted() {},
    runEnded() {},
    recovered() {},
    taskEnded() {},
    taskRetried() {},
    undoFailed() {},
  },
  logger: createLogger('warn'),
})
process.stdout.write('ready\n')
