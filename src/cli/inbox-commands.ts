import type { Command } from 'commander'
import type { z } from 'zod'
import type { Decision, InboxEntry, InboxList } from '../platform/contract/inbox.ts'
import { CommandError } from './command-error.ts'
import { loadEnvironment } from './environment.ts'
import { pageLine, show } from './output.ts'
import { createServiceClient, type Query } from './service-client.ts'
import { sheet, table } from './table.ts'

interface ListOptions {
  kind?: string
  subject?: string
  who?: string
  overdue?: boolean
  limit?: string
  offset?: string
  cursor?: string
  json?: boolean
}

interface SettleOptions {
  payload?: string
  by?: string
  note?: string
  json?: boolean
}

/** `inbox list`, `inbox show` and `inbox settle`: what waits for a person. */
export function addInboxCommands(program: Command): void {
  const inbox = program.command('inbox').description('what waits for a person, and settling it')
  inbox
    .command('list')
    .description('list open entries, newest first')
    .option('--kind <kinds>', 'of this kind, or one of several: failed_run,wait')
    .option('--subject <subject>', 'about this, for example room:201')
    .option('--who <who>', 'for this role, or one of several')
    .option('--overdue', 'only those whose time has passed')
    .option('--limit <number>', 'at most so many, 1 to 200 (default 50)')
    .option('--offset <number>', 'leave out the first')
    .option('--cursor <cursor>', 'go on where a page ended: its next_cursor')
    .option('--json', 'print the JSON of the API')
    .action(list)
  inbox
    .command('show')
    .description('show one open entry with the actions that settle it')
    .argument('<id>', 'the entry')
    .option('--json', 'print the JSON of the API')
    .action(detail)
  inbox
    .command('settle')
    .description('settle an entry by one of its actions; whoever is first does')
    .argument('<id>', 'the entry')
    .argument('<action>', 'one of its actions')
    .option('--payload <json>', 'what the action takes')
    .option('--by <name>', 'the person behind the API key')
    .option('--note <text>', 'kept with the decision')
    .option('--json', 'print the JSON of the API')
    .action(settle)
}

async function list(options: ListOptions): Promise<void> {
  const client = createServiceClient(loadEnvironment())
  const query: Query = {
    kind: options.kind,
    subject: options.subject,
    who: options.who,
    overdue: options.overdue ? 'true' : undefined,
    limit: options.limit,
    offset: options.offset,
    cursor: options.cursor,
  }
  const page = await client.get<z.infer<typeof InboxList>>('inbox', query)
  show(page, options, () => {
    if (page.total === 0) return 'Nothing waits for a person.'
    const rows = page.entries.map((entry) => [
      entry.id,
      entry.title,
      entry.who,
      entry.subjects,
      entry.since,
      entry.due_at,
    ])
    const text = table(['entry', 'what', 'for', 'about', 'since', 'due'], rows)
    return `${text}\n\n${pageLine(rows.length, page, options.cursor)}`
  })
}

async function detail(id: string, options: { json?: boolean }): Promise<void> {
  const client = createServiceClient(loadEnvironment())
  const entry = await client.get<InboxEntry>(`inbox/${encodeURIComponent(id)}`)
  show(entry, options, () => entryText(entry))
}

function entryText(entry: InboxEntry): string {
  const about: [string, unknown][] = [
    ['Entry', entry.id],
    ['What', entry.title],
    ['For', entry.who],
    ['About', entry.subjects],
    ['Since', entry.since],
    ['Due', entry.due_at],
    ['Run', entry.flow_run_id],
    ['Event', entry.event_id],
    ...Object.entries(entry.details),
  ]
  const actions = entry.actions.map(({ action, title, input }) => [action, title, input])
  return `${sheet(about)}\n\n${table(['action', 'does', 'payload'], actions)}`
}

async function settle(id: string, action: string, options: SettleOptions): Promise<void> {
  const client = createServiceClient(loadEnvironment())
  const { payload, by, note } = options
  const { body } = await client.post<Decision>(
    `inbox/${encodeURIComponent(id)}/${encodeURIComponent(action)}`,
    { ...(payload === undefined ? {} : { payload: parsed(payload) }), by, note },
  )
  show(body, options, () =>
    sheet([
      ['Settled', body.id],
      ['By', `${body.action}, ${body.by ?? body.decided_by}`],
      ['At', body.decided_at],
      ['Result', body.result],
    ]),
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CommandError(`--payload is not JSON: write it like '{"finished_by": "EMP005"}'.`)
  }
}
