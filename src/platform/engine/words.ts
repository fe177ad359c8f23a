/** The words of the flow language, put together once for every engine. */
import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import { fieldErrors } from '../contract/problem.ts'
import { FlowFailure } from './errors.ts'
import { runAll } from './fan-out.ts'
import type { Flow, FlowDefinition, LogFields } from './flow.ts'
import type { Checkpoint } from './journal.ts'
import type { RunScope } from './run-scope.ts'
import { runSaga } from './saga.ts'
import type { SignalDefinition } from './signal.ts'
import { createSteps, type Steps } from './steps.ts'
import { runChild, waitFor } from './waiting.ts'

/**
 * Runs a flow to its end: resolves with its result, rejects with what it throws. `parameters` were checked when the run
 * was started; they are read by the schema once more, so a schema must accept what it gives out.
 */
export function runFlow<Deps>(
  flow: FlowDefinition<Deps>,
  parameters: unknown,
  scope: RunScope<Deps>,
): Promise<unknown> {
  return flow.run(speak(scope), flow.parameters.parse(parameters))
}

function speak<Deps>(scope: RunScope<Deps>): Flow<Deps> {
  const steps = createSteps(scope)
  let lines = 0
  return {
    runId: scope.runId,
    eventId: scope.eventId,
    task: (definition, input) => steps.task(definition, input),
    all: (definition, inputs, { concurrency = 10 } = {}) => runAll(steps, definition, inputs, concurrency),
    child: (flow, parameters) =>
      runChild(scope, steps, flow as FlowDefinition<Deps>, parameters) as Promise<never>,
    start: (flow, parameters) => startRun(scope, steps, flow as FlowDefinition<Deps>, parameters),
    sleep: async (seconds) => void (await waitFor(scope, steps, undefined, seconds)),
    waitFor: async (signal, { within }) => {
      const taken = (await waitFor(scope, steps, signal.name, within)) as { payload: unknown } | null
      return taken === null ? undefined : payloadOf(signal, taken.payload)
    },
    saga: (body) => runSaga(scope, steps, body),
    now: async () =>
      new Date(
        (await remembered(scope, steps, 'now', () => (scope.now?.() ?? new Date()).toISOString())) as string,
      ),
    uuid: () => remembered(scope, steps, 'uuid', randomUUID) as Promise<string>,
    log: (message: string, fields?: LogFields) => {
      const key = `f${lines++}`
      scope.journal.log({ key, at: Date.now(), level: 'info', message, ...(fields ? { fields } : {}) })
    },
  }
}

/** Kept as it was sent, and read by the schema on every replay. */
function payloadOf<Payload extends z.ZodType>(
  { name, payload }: SignalDefinition<Payload>,
  sent: unknown,
): z.output<Payload> {
  const read = payload.safeParse(sent)
  if (read.success) return read.data
  const wrong = fieldErrors(read.error, 'payload').map(({ path, message }) => `${path}: ${message}`)
  throw new FlowFailure('invalid_signal', `The signal ${name} does not fit. ${wrong.join('; ')}`, name)
}

/** Recorded when its row is committed: an execution that dies in between finds it there, under the same id. */
function startRun<Deps>(
  { journal }: RunScope<Deps>,
  steps: Steps<Deps>,
  flow: FlowDefinition<Deps>,
  parameters: unknown,
): Promise<string> {
  const number = steps.take()
  const { name } = flow
  // The build before awaited it here: started it was, whatever became of it.
  const known = journal.recorded(number)
  if (known?.kind === 'child' && known.name === name) return Promise.resolve(journal.childId(number))
  const started = steps.run(number, 'start', name, async () => {
    const startedAt = Date.now()
    const value = await journal.startChild(number, flow, flow.parameters.parse(parameters), false)
    return journal.record(number, { name, kind: 'start', startedAt, endedAt: Date.now(), value })
  })
  return started as Promise<string>
}

/** A value made once, and the same on every replay. */
function remembered<Deps>(
  { journal }: RunScope<Deps>,
  steps: Steps<Deps>,
  kind: 'now' | 'uuid',
  make: () => string,
): Promise<unknown> {
  const number = steps.take()
  return steps.run(number, kind, kind, async () => {
    const at = Date.now()
    const checkpoint: Checkpoint = { name: kind, kind, startedAt: at, endedAt: at, value: make() }
    return journal.record(number, checkpoint)
  })
}
