import { type Command, Option } from 'commander'
import type { NewRunAnswer, RetryAnswer, RetryPreview } from '../platform/contract/retry.ts'
import { loadEnvironment } from './environment.ts'
import { jsonObject } from './json-option.ts'
import { show } from './output.ts'
import { createServiceClient } from './service-client.ts'
import { sheet, table } from './table.ts'

interface RetryOptions {
  preview?: boolean
  fromTask?: string
  parameters?: Record<string, unknown>
  json?: boolean
}

/** `retry`: runs a run again, or shows what that would do. */
export function addRetryCommand(program: Command): void {
  program
    .command('retry')
    .description('run a failed, cancelled or crashed run again; completed tasks are not repeated')
    .argument('<id>', 'the run')
    .option('--preview', 'only show what would run again, what would not, and who may be notified again')
    .option('--from-task <name>', 'from this task on, by name or task_run_id, also what completed after it')
    .addOption(
      new Option('--parameters <json>', 'a new run with these parameters, all of them, as one JSON object')
        .argParser(jsonObject)
        .conflicts(['preview', 'fromTask']),
    )
    .option('--json', 'print the JSON of the API')
    .action((id: string, options: RetryOptions) =>
      options.preview ? preview(id, options) : retry(id, options),
    )
}

async function preview(id: string, options: RetryOptions): Promise<void> {
  const client = createServiceClient(loadEnvironment())
  const path = `workflows/retry/${encodeURIComponent(id)}/preview`
  const plan = await client.get<RetryPreview>(path, { from_task: options.fromTask })
  show(plan, options, () => previewText(plan))
}

async function retry(id: string, options: RetryOptions): Promise<void> {
  const client = createServiceClient(loadEnvironment())
  const body = { from_task: options.fromTask, parameters: options.parameters }
  const asked = await client.post<RetryAnswer | NewRunAnswer>(
    `workflows/retry/${encodeURIComponent(id)}`,
    options.fromTask === undefined && options.parameters === undefined ? undefined : body,
  )
  show(asked.body, options, () =>
    sheet([
      ['Run', asked.body.flow_run_id],
      ['Status', asked.body.status],
      ['', asked.body.message],
    ]),
  )
}

function whatFollows({ sent_once, in_doubt, status }: RetryPreview['notifies_again'][number]): string {
  if (sent_once) return 'not sent again'
  if (in_doubt) return 'may come twice'
  return status === 'sent' || status === 'sandbox' ? 'another may follow' : 'not sent yet'
}

function previewText(plan: RetryPreview): string {
  const about: [string, unknown][] = [
    ['Run', plan.flow_run_id],
    ['Status', plan.status],
    ['Retry', plan.allowed ? 'allowed' : plan.reason],
    ['From', plan.from_task],
  ]
  const tasks = (list: RetryPreview['kept'], what: string) =>
    list.map((task) => [task.task_name, what, task.status, task.kind, task.task_run_id])
  const rows = [...tasks(plan.kept, 'kept'), ...tasks(plan.runs_again, 'runs again')]
  const parts = [sheet(about)]
  if (rows.length > 0) parts.push(table(['task', 'becomes', 'status', 'kind', 'task run'], rows))
  const children = plan.children.map((one) => [one.flow_run_id, one.workflow_name, one.becomes, one.status])
  if (children.length > 0) parts.push(table(['child', 'workflow', 'becomes', 'status'], children))
  const messages = plan.notifies_again.map((one) => [
    one.recipient,
    one.channel,
    one.template,
    one.status,
    whatFollows(one),
  ])
  if (messages.length > 0) parts.push(table(['notifies', 'channel', 'template', 'status', 'then'], messages))
  return parts.join('\n\n')
}
