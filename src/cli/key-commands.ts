import { type Command, InvalidArgumentError, Option } from 'commander'
import { createKey, listKeys, revokeKey } from '../platform/access/keys.ts'
import { SCOPES, type Scope } from '../platform/contract/key.ts'
import { CommandError } from './command-error.ts'
import { withDatabase } from './database-access.ts'
import { loadConfig } from './environment.ts'
import { show } from './output.ts'
import { plain, sheet, table } from './table.ts'

interface CreateOptions {
  name: string
  scope: Scope[]
  /** Milliseconds. */
  expiresIn?: number
  json?: boolean
}

/** `keys create`, `keys list` and `keys revoke`: who may use the API. They work on the database, not over HTTP. */
export function addKeyCommands(program: Command): void {
  const keys = program
    .command('keys')
    .description('API keys, in the database: DATABASE_URL, or the embedded one')
  keys
    .command('create')
    .description('make a key; its secret is shown once')
    .requiredOption('--name <name>', 'whom it is for, for example cv-service', aName)
    .addOption(
      new Option('--scope <scope...>', 'what it may do; several, or again')
        .choices(SCOPES)
        .makeOptionMandatory(),
    )
    .option(
      '--expires-in <time>',
      'how long it is good for, for example 30m, 12h, 90d or 1y; default: until revoked',
      aTime,
    )
    .option('--json', 'print JSON')
    .action(create)
  keys
    .command('list')
    .description('all keys, without their secrets')
    .option('--json', 'print JSON')
    .action(list)
  keys
    .command('revoke')
    .description('end a key, at once; processes that have just used it notice within 5 seconds')
    .argument('<id>', 'as "keys list" shows it')
    .action(revoke)
}

async function create({ name, scope, expiresIn, json }: CreateOptions): Promise<void> {
  const scopes = [...new Set(scope)]
  const expiresAt = expiresIn === undefined ? undefined : new Date(Date.now() + expiresIn)
  const { id, secret } = await withDatabase(loadConfig(), (sql) =>
    createKey(sql, { name, scopes, expiresAt }),
  )
  const made = { id, name, scopes, expires_at: expiresAt?.toISOString() ?? null, secret }
  show(made, { json }, () => {
    const about = sheet([
      ['Id', id],
      ['Name', name],
      ['Scopes', scopes],
      ['Expires', made.expires_at ?? 'never'],
      ['Secret', secret],
    ])
    return [about, ...shortcomings(scopes), 'Keep the secret: it cannot be shown again.'].join('\n\n')
  })
}

/** What the holder of a key will miss, said while it is easy to make another. */
function shortcomings(scopes: readonly Scope[]): string[] {
  if (scopes.includes('read') || scopes.includes('admin')) return []
  const starts = scopes.filter((scope) => scope in BLIND).map((scope) => `${BLIND[scope]} (${scope})`)
  if (starts.length === 0) return []
  return [
    `Without the scope read this key cannot see what becomes of it: it ${starts.join(' and ')}, and no more.\n` +
      'Where it should, make one with --scope read as well.',
  ]
}

const BLIND: Partial<Record<Scope, string>> = {
  'events:write': 'sends events',
  'workflows:write': 'starts, cancels and retries runs',
  'schedules:write': 'changes schedules',
  'pipelines:write': 'starts pipelines',
}

async function list(options: { json?: boolean }): Promise<void> {
  const keys = await withDatabase(loadConfig(), listKeys)
  show({ keys, total: keys.length }, options, () => {
    if (keys.length === 0) return 'There are no keys. Those in API_KEYS are not listed here.'
    const rows = keys.map((key) => [
      key.id,
      key.name,
      key.state,
      key.scopes,
      key.created_at,
      key.expires_at ?? 'never',
      key.last_used_at ?? 'never',
    ])
    return table(['id', 'name', 'state', 'scopes', 'created', 'expires', 'last used'], rows)
  })
}

async function revoke(id: string): Promise<void> {
  const outcome = await withDatabase(loadConfig(), async (sql) => {
    if (await revokeKey(sql, id)) return 'is revoked'
    return (await listKeys(sql)).some((key) => key.id === id) ? 'was revoked before' : undefined
  })
  if (outcome === undefined) {
    throw new CommandError(
      `There is no key ${JSON.stringify(plain(id))}: "prefect-service keys list" shows them.`,
    )
  }
  process.stdout.write(`The key ${id} ${outcome}.\n`)
}

function aName(text: string): string {
  const name = text.trim()
  if (name === '' || name.length > 100 || plain(name) !== name.normalize('NFC')) {
    throw new InvalidArgumentError('It must be 1 to 100 printable characters.')
  }
  return name
}

const HOUR = 3_600_000
const UNITS: Record<string, number> = {
  m: 60_000,
  h: HOUR,
  d: 24 * HOUR,
  w: 7 * 24 * HOUR,
  y: 365 * 24 * HOUR,
}
const LONGEST_YEARS = 100

function aTime(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([mhdwy])$/.exec(text) ?? []
  const time = Number(count) * (UNITS[unit] ?? 0)
  if (time > 0 && time <= LONGEST_YEARS * (UNITS.y ?? 0)) return time
  throw new InvalidArgumentError('Write a number and m (minutes), h, d, w or y: for example 90d.')
}
