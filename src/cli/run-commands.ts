import type { Command } from 'commander'
import { type RunDetail, type RunList, RunStatus } from '../platform/contract/run.ts'
import { loadEnvironment } from './environment.ts'
import { oneOrSeveral } from './one-or-several.ts'
import { show } from './output.ts'
import { runsText, runText } from './run-text.ts'
import { createServiceClient, type Query } from './service-client.ts'

interface RunOptions {
  workflow?: string
  status?: string[]
  flagged?: boolean
  query?: string
  event?: string
  subject?: string
  after?: string
  before?: string
  limit?: string
  offset?: string
  cursor?: string
  json?: boolean
}

/** `runs` and `runs <id>`: what the workflows did. */
export function addRunCommands(program: Command): void {
  program
    .command('runs')
    .description('list workflow runs, newest first, or show one with its tasks and attempts')
    .argument('[id]', 'show this run')
    .option('--workflow <names>', 'of this workflow, or one of several: a,b')
    .addOption(oneOrSeveral('--status <states>', 'in this state, or one of several', RunStatus.options))
    .option('--flagged', 'only those that a person must look at')
    .option('--query <text>', 'whose id begins with this, or that are about a subject which begins with it')
    .option('--event <id>', 'started by this event')
    .option('--subject <subject>', 'about this, for example employee:EMP001 or room:201')
    .option('--after <time>', 'started after, ISO 8601')
    .option('--before <time>', 'started before, ISO 8601')
    .option('--limit <number>', 'at most so many, 1 to 200 (default 50)')
    .option('--offset <number>', 'leave out the first')
    .option('--cursor <cursor>', 'go on where a page ended: its next_cursor')
    .option('--json', 'print the JSON of the API')
    .action((id: string | undefined, options: RunOptions) =>
      id === undefined ? list(options) : detail(id, options),
    )
}

async function list(options: RunOptions): Promise<void> {
  const client = createServiceClient(loadEnvironment())
  const query: Query = {
    workflow_name: options.workflow,
    status: options.status?.join(','),
    flagged: options.flagged ? 'true' : undefined,
    q: options.query,
    event_id: options.event,
    subject: options.subject,
    started_after: options.after,
    started_before: options.before,
    limit: options.limit,
    offset: options.offset,
    cursor: options.cursor,
  }
  const page = await client.get<RunList>('workflows/list', query)
  show(page, options, () => runsText(page, options.cursor))
}

async function detail(id: string, options: RunOptions): Promise<void> {
  const client = createServiceClient(loadEnvironment())
  const run = await client.get<RunDetail>(`workflows/status/${encodeURIComponent(id)}`)
  show(run, options, () => runText(run))
}
