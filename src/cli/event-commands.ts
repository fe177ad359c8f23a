import type { Command } from 'commander'
import type { z } from 'zod'
import type { EventAccepted, EventList, EventRecord } from '../platform/contract/event.ts'
import { loadEnvironment } from './environment.ts'
import { oneOrSeveral } from './one-or-several.ts'
import { pageLine, show } from './output.ts'
import { createServiceClient, type Query } from './service-client.ts'
import { sheet, table } from './table.ts'

interface EventOptions {
  kind?: string
  status?: string[]
  query?: string
  subject?: string
  after?: string
  before?: string
  limit?: string
  offset?: string
  cursor?: string
  json?: boolean
}

/** `events`, `events <id>` and `events replay <id>`: the audit trail. */
export function addEventCommands(program: Command): void {
  const events = program
    .command('events')
    .enablePositionalOptions()
    .description('list events, newest first, or show one as it came in')
    .argument('[id]', 'show this event')
    .option('--kind <kind>', 'of this kind, for example attendance')
    .addOption(oneOrSeveral('--status <states>', 'in this state', ['accepted', 'rejected']))
    .option('--query <text>', 'whose id begins with this, or that are about a subject which begins with it')
    .option('--subject <subject>', 'about this, for example employee:EMP001')
    .option('--after <time>', 'received after, ISO 8601')
    .option('--before <time>', 'received before, ISO 8601')
    .option('--limit <number>', 'at most so many, 1 to 200 (default 50)')
    .option('--offset <number>', 'leave out the first')
    .option('--cursor <cursor>', 'go on where a page ended: its next_cursor')
    .option('--json', 'print the JSON of the API')
    .action((id: string | undefined, options: EventOptions) =>
      id === undefined ? list(options) : detail(id, options),
    )
  events
    .command('replay')
    .description('start the workflows of a kept event anew, as a new event')
    .argument('<id>', 'the event')
    .option('--json', 'print the JSON of the API')
    .action(replay)
}

async function list(options: EventOptions): Promise<void> {
  const client = createServiceClient(loadEnvironment())
  const query: Query = {
    kind: options.kind,
    status: options.status?.join(','),
    q: options.query,
    subject: options.subject,
    received_after: options.after,
    received_before: options.before,
    limit: options.limit,
    offset: options.offset,
    cursor: options.cursor,
  }
  const page = await client.get<z.infer<typeof EventList>>('events', query)
  show(page, options, () => {
    if (page.total === 0) return 'There are no such events.'
    const rows = page.events.map((event) => [
      event.event_id,
      event.kind,
      event.source,
      event.status,
      event.received_at,
      event.subjects,
      shortReason(event),
    ])
    // Of a list without a refused event the column would be one of dashes.
    const refused = page.events.some(({ status }) => status === 'rejected')
    const headings = [
      'event',
      'kind',
      'source',
      'status',
      'received',
      'about',
      ...(refused ? ['reason'] : []),
    ]
    const text = table(
      headings,
      rows.map((row) => row.slice(0, headings.length)),
    )
    return `${text}\n\n${pageLine(rows.length, page, options.cursor)}`
  })
}

/** What is wrong with a refused event, on its line; all of it is in `events <id>`. */
function shortReason({ reason, errors }: EventRecord): string | null {
  const [first, ...more] = errors ?? []
  if (first === undefined) return reason
  return `${first.path}: ${first.message}${more.length > 0 ? `, and ${more.length} more` : ''}`
}

async function detail(id: string, options: EventOptions): Promise<void> {
  const client = createServiceClient(loadEnvironment())
  const event = await client.get<EventRecord>(`events/${encodeURIComponent(id)}`)
  show(event, options, () => eventText(event))
}

function eventText(event: EventRecord): string {
  const about: [string, unknown][] = [
    ['Event', event.event_id],
    ['Kind', event.kind],
    ['Source', event.source],
    ['Status', event.status],
    ['Reason', event.reason],
    ['Received', event.received_at],
    ['From', event.received_from],
    ['Sender key', event.sender_key],
    ['Occurred', event.occurred_at],
    ['About', event.subjects],
    ['Replay of', event.replay_of],
    ['Payload', event.payload],
  ]
  const wrong = event.errors ?? []
  const started = event.workflows_triggered
  const parts = [sheet(about)]
  if (wrong.length > 0)
    parts.push(
      table(
        ['field', 'wrong'],
        wrong.map(({ path, message }) => [path, message]),
      ),
    )
  if (started.length > 0) parts.push(startedText(started))
  return parts.join('\n\n')
}

async function replay(id: string, options: { json?: boolean }): Promise<void> {
  const client = createServiceClient(loadEnvironment())
  const { body } = await client.post<EventAccepted>(`events/${encodeURIComponent(id)}/replay`)
  show(
    body,
    options,
    () =>
      `${sheet([
        ['Event', body.event_id],
        ['Replay of', id],
      ])}\n\n${startedText(body.workflows_triggered)}`,
  )
}

function startedText(runs: EventRecord['workflows_triggered']): string {
  return table(
    ['run', 'workflow'],
    runs.map(({ flow_run_id, workflow }) => [flow_run_id, workflow]),
  )
}
