import { setTimeout as delay } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from 'commander'
import type { z } from 'zod'
import { type Catalogue, ENDED, type RunDetail, type TriggerAnswer } from '../platform/contract/run.ts'
import { CommandError } from './command-error.ts'
import { loadEnvironment } from './environment.ts'
import { jsonObject } from './json-option.ts'
import { show } from './output.ts'
import { coerced } from './parameter-values.ts'
import { runText } from './run-text.ts'
import { createServiceClient, isForbidden, type ServiceClient } from './service-client.ts'
import { sheet } from './table.ts'

type Parameters = Record<string, unknown>

interface TriggerOptions {
  /** As they were written. */
  param: Record<string, string>
  paramsJson?: Parameters
  at?: string
  key?: string
  wait?: boolean
  json?: boolean
}

const FIRST_LOOK_MS = 100
const LOOK_EVERY_MS = 1_000

/** `trigger`: starts a workflow, and on request waits for its end. */
export function addTriggerCommand(program: Command): void {
  program
    .command('trigger')
    .description('start a workflow, now or at a time')
    .argument('<workflow>', 'name of the workflow')
    .option(
      '--param <key=value>',
      'one parameter, read as the workflow has it: room_number=201 is text where a text is asked for',
      oneMore,
      {},
    )
    .option('--params-json <json>', 'all parameters as one JSON object; --param adds to it', jsonObject)
    .option('--at <time>', 'when, in ISO 8601; without an offset in the time of the hotel')
    .option('--key <key>', 'idempotency key: the same key with the same request starts one run only')
    .option('--wait', 'wait for the end of the run; fails when the run does')
    .option('--json', 'print the JSON of the API')
    .action(trigger)
}

async function trigger(workflow: string, options: TriggerOptions): Promise<void> {
  const client = createServiceClient(loadEnvironment())
  const { status, body } = await client.post<TriggerAnswer>('workflows/trigger', {
    workflow_name: workflow,
    parameters: { ...options.paramsJson, ...(await readParameters(client, workflow, options.param)) },
    scheduled_time: options.at,
    idempotency_key: options.key,
  })
  if (options.wait !== true) {
    show(body, options, () => started(body, status === 200))
    return
  }
  if (options.json !== true) process.stdout.write(`${started(body, status === 200)}\n\n`)
  const run = await ended(client, body.flow_run_id)
  show(run, options, () => runText(run))
  if (run.status !== 'completed') {
    const why = run.error ? `: ${run.error.code}: ${run.error.message}` : '.'
    throw new CommandError(`The run ${run.flow_run_id} is ${run.status}${why}`)
  }
}

/** By the workflow's own schema; without one, as of a key that may not read the catalogue, by the looks of each. */
async function readParameters(
  client: ServiceClient,
  workflow: string,
  written: Record<string, string>,
): Promise<Parameters> {
  const entries = Object.entries(written)
  if (entries.length === 0) return {}
  const catalogue = await client
    .get<z.infer<typeof Catalogue>>('workflows')
    .catch((error: unknown) => (isForbidden(error) ? undefined : Promise.reject(error)))
  const schema = catalogue?.workflows.find(({ name }) => name === workflow)?.parameters ?? {}
  return Object.fromEntries(entries.map(([name, text]) => [name, coerced(text, schema, name)]))
}

function started(answer: TriggerAnswer, before: boolean): string {
  return sheet([
    ['Run', answer.flow_run_id],
    ['Workflow', answer.workflow_name],
    ['Status', before ? `${answer.status} (the key was used before: this is its run)` : answer.status],
    ['Starts', answer.scheduled_start],
    ['Takes about', `${answer.estimated_duration_minutes} min`],
  ])
}

/** The run goes on whether it is watched or not: a service that is away meanwhile ends the watching only. */
async function ended(client: ServiceClient, runId: string): Promise<RunDetail> {
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, LOOK_EVERY_MS)) {
    const run = await client.get<RunDetail>(`workflows/status/${runId}`).catch((error: Error) => {
      throw new CommandError(
        `${error.message}\n  The run ${runId} goes on without: see "prefect-service runs ${runId}".`,
      )
    })
    if (ENDED.includes(run.status)) return run
    await delay(pause)
  }
}

function oneMore(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write it as key=value.')
  return Object.fromEntries([...Object.entries(before), [text.slice(0, at), text.slice(at + 1)]])
}
